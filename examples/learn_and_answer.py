import antiphon

agent = antiphon.train("multitracks", "agent")
memory = agent.memory(antiphon.read("memory.wav"))
response = agent.respond(antiphon.read("guide.wav"), memory, seed=1)
antiphon.write("response.wav", response.audio)

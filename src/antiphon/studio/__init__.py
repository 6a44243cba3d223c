"""The local web page: a folder as a project, jobs one after the other, and no music of its own."""

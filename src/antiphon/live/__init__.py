"""The agent on stage (paper figure 1, online): a session, its recording and its replay; no socket and no device."""

"""IBM Runtime: accounts, devices, sessions and jobs; IBM's library is loaded here when needed."""

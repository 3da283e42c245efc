"""Speaking to vendors: the network, the credentials, and one client for each vendor."""

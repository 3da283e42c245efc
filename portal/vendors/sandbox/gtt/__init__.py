"""GTT's EnvisionDX as the sandbox plays it."""

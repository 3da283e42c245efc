"""GTT EnvisionDX: cases and webhooks of one namespace."""

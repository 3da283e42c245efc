"""Parts of the state machine that plays the outbox: its workers, its world, and the laws that hold in it."""

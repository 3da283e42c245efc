"""The nemesis: kills whatever can be killed while people submit dispatches, then compares us with the vendor's truth.

`make nemesis`; docs/benchmarks.md says what it found. Everything runs in processes of its own, on a database of its
own, in a folder of its own, and is dead when it ends.
"""

"""Code that runs only inside the runtime: a program's build, its coroutines, packed files and tracebacks."""

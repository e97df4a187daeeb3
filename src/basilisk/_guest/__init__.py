"""Code that runs only inside the runtime: the build of a program and the texts of its errors."""

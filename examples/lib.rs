//! Examples of trilayer, one idea each: see `README.md`.

"""The paper's checkable statements, each measured and judged by a stated rule."""

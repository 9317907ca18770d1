"""The dashboard; ``make run`` opens it."""

# processes that simulate read this file again, and have nothing to draw
if __name__ == "__main__":
    from estimator.dashboard.site import open_dashboard

    open_dashboard()

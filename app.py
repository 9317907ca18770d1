"""The dashboard; ``make run`` opens it."""

if __name__ == "__main__":  # for each visitor, and again after each interaction
    from estimator.dashboard.site import open_dashboard

    open_dashboard()
elif __name__ == "app":  # once, when the server starts; processes that simulate come by neither
    from streamlit import App

    from estimator.dashboard import assets, first_paint, late_ranges, protection
    from estimator.dashboard.site import server_lifespan

    middleware = (*protection.MIDDLEWARE, *first_paint.MIDDLEWARE, *assets.MIDDLEWARE)
    app = App(__file__, lifespan=server_lifespan, routes=late_ranges.ROUTES, middleware=middleware)

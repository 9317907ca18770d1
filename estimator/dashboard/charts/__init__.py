"""Charts that one can touch, for the page: Vega-Lite as Streamlit ships it.

They show the rows of ``estimator.render.charts.rows`` in the same colors as the pictures, which are
what files hold. Each is a function of a result and a ``Look``, and its height is known before it is
drawn, so that nothing on the page moves when it comes.
"""

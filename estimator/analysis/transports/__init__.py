"""Does an app need WebSockets at all?"""

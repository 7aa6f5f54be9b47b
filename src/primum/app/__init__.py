"""The one place that knows every room: births homes, gives each process its keys, joins the rooms.

A process enters by its own file (`dimse`, `web`, `worker`, `demo`), so that it loads only what it needs;
doors receive what is built here, and no room below knows that another exists unless it may import it.
"""

"""What every room stands on: time, ids, errors, settings, files, databases, processes.

Nothing here has an opinion on medicine or law.
"""

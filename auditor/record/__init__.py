"""The frozen types that every floor speaks in. Nothing here acts; nothing here knows a library."""

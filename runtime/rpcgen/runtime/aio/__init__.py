"""The world of asyncio: a thin shell round the core. Decides nothing about messages."""

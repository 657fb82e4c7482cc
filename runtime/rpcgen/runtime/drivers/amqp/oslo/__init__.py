"""The oslo wire on RabbitMQ (PROTOCOL.md 7.6, 7.7): queues, exchanges and messages like oslo.messaging's own.

What a message says is the wire's (`core/wires/oslo`); connections, publishing and consuming are the driver's.
"""

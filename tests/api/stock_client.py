"""A gRPC client that knows nothing of Lockstep: health, a watch of it, and the list of services by reflection.

Messages are written by hand, so that no generated code is needed: `stock_client.py ADDRESS`.
"""
import sys

import grpc

SERVING = 1
PATIENCE = 60


def raw(channel, kind, method):
    return getattr(channel, kind)(method, request_serializer=bytes, response_deserializer=bytes)


def field(number, content):
    """A length-delimited field."""
    assert len(content) < 128
    return bytes([number << 3 | 2, len(content)]) + content


def serving(answer):
    """HealthCheckResponse { ServingStatus status = 1 }"""
    return answer == bytes([1 << 3, SERVING])


def main():
    with grpc.insecure_channel(sys.argv[1]) as channel:
        grpc.channel_ready_future(channel).result(timeout=PATIENCE)

        # HealthCheckRequest { string service = 1 }. The watch tells every change, so it ends when the node serves.
        watch = raw(channel, "unary_stream", "/grpc.health.v1.Health/Watch")
        for answer in watch(field(1, b"lockstep.v1.Database"), timeout=PATIENCE):
            if serving(answer):
                break
        else:
            sys.exit("expected a watch that does not end by itself")

        check = raw(channel, "unary_unary", "/grpc.health.v1.Health/Check")
        if not serving(check(b"", timeout=PATIENCE)):
            sys.exit("expected the node as a whole to serve, as its service does")
        try:
            check(field(1, b"no.such.Service"), timeout=PATIENCE)
            sys.exit("expected NOT_FOUND for a service that is not there")
        except grpc.RpcError as error:
            if error.code() != grpc.StatusCode.NOT_FOUND:
                sys.exit(f"expected NOT_FOUND, found {error.code()}")

        # ServerReflectionRequest { string list_services = 7, string file_containing_symbol = 4 }
        ask = raw(channel, "stream_stream", "/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo")
        services = next(ask(iter([field(7, b"*")]), timeout=PATIENCE))
        if b"lockstep.v1.Database" not in services or b"grpc.health.v1.Health" not in services:
            sys.exit(f"expected the database and its health in the list of services, found {services}")
        schema = next(ask(iter([field(4, b"lockstep.v1.Database")]), timeout=PATIENCE))
        if b"ExecuteBatch" not in schema:
            sys.exit("expected the description of the service")


if __name__ == "__main__":
    main()

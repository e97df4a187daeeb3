from pyasn1.codec.der import decoder, encoder
from pyasn1.type import namedtype, univ


class Pair(univ.Sequence):
    componentType = namedtype.NamedTypes(
        namedtype.NamedType("number", univ.Integer()), namedtype.NamedType("name", univ.OctetString())
    )


def answer() -> str:
    """DER, there and back."""
    pair = Pair()
    pair["number"] = -70000
    pair["name"] = b"abc"
    data = encoder.encode(pair)
    back, rest = decoder.decode(data, asn1Spec=Pair())
    return repr((data.hex(), int(back["number"]), bytes(back["name"]), rest))

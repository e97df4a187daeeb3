# ruff: noqa: E501 - a table, one expression a line
"""Work for modules of the library whose results are known.

In a canister, `answers` gives the results; as a script under CPython 3.13 this file prints them as JSON, which is how
`library_answers.json` beside it was made.  Each expression is evaluated with `use`, which imports by name.
"""

import importlib

DATA = bytes(range(256)) * 5 + b"The quick brown fox jumps over the lazy dog"
TEXT = "Grüße aus Zürich, 東京 и Москва \N{SNOWMAN}"
CODECS = (
    "utf-7 utf-16-be utf-32-le gb18030 big5hkscs euc_jp shift_jis euc_kr iso2022_jp cp1252 koi8-r punycode"
)
XML = "<a x='1'><b>t&amp;u</b><!-- c --><c xmlns='u'/>tail</a>"
HASHES = sorted(
    "md5 sha1 sha224 sha256 sha384 sha512 sha3_224 sha3_256 sha3_384 sha3_512 blake2b blake2s".split()
)

EXPRESSIONS = [
    "use('hashlib').algorithms_available >= use('hashlib').algorithms_guaranteed",
    "sorted(use('hashlib').algorithms_guaranteed)",
    *(f"use('hashlib').new({name!r}, DATA).hexdigest()" for name in HASHES),
    "use('hashlib').shake_128(DATA).hexdigest(40)",
    "use('hashlib').shake_256(DATA).hexdigest(40)",
    "use('hashlib').blake2b(DATA, digest_size=20, key=b'key', salt=b'salt', person=b'person').hexdigest()",
    "use('hashlib').blake2s(DATA, digest_size=20, key=b'key', salt=b'salt', person=b'person').hexdigest()",
    "use('hmac').new(b'key', DATA, 'sha512').hexdigest()",
    "use('hmac').compare_digest('abc', 'abc')",
    "[use('unicodedata').normalize(form, 'Å\\u0323ﬁ²') for form in ('NFC', 'NFD', 'NFKC', 'NFKD')]",
    "[use('unicodedata').name(character) for character in TEXT if not character.isascii()]",
    "[use('unicodedata').lookup('GREEK SMALL LETTER OMEGA'), use('unicodedata').unidata_version]",
    "[use('unicodedata').east_asian_width('東'), use('unicodedata').bidirectional('א'), 'ß'.casefold()]",
    "str(use('decimal').Decimal(2).sqrt(use('decimal').Context(prec=60)))",
    "str(use('decimal').Decimal('1.10').quantize(use('decimal').Decimal('1e-5')))",
    "str(use('decimal').Decimal(10).ln()) + ' ' + str(use('decimal').Decimal('0.1').exp())",
    "str(use('decimal').Decimal('123456789123456789') ** 12)",
    "use('zlib').crc32(DATA), use('zlib').adler32(DATA)",
    "use('hashlib').md5(use('zlib').compress(DATA * 9, 9)).hexdigest()",
    "use('zlib').decompress(use('zlib').compress(DATA)) == DATA",
    "use('gzip').decompress(use('gzip').compress(DATA, mtime=0)) == DATA",
    "use('hashlib').md5(use('bz2').compress(DATA * 9)).hexdigest()",
    "use('bz2').decompress(use('bz2').compress(DATA)) == DATA",
    "use('hashlib').md5(use('lzma').compress(DATA * 9)).hexdigest()",
    "[use('lzma').decompress(use('lzma').compress(DATA, format=kind)) == DATA for kind in (1, 2)]",
    "use('binascii').hexlify(use('binascii').a2b_base64('aGVsbG8='), '-'), use('binascii').crc_hqx(DATA, 0)",
    "[getattr(use('base64'), f'b{n}encode')(b'hello world') for n in (16, 32, 64, 85)], use('base64').a85encode(DATA)",
    "use('statistics').stdev([1.5, 2.5, 4, 8.25]), use('statistics').quantiles(range(100), n=7)",
    "use('statistics').linear_regression([1, 2, 3, 5], [2, 4, 5, 9]), use('statistics').median_grouped([1, 3, 3, 5])",
    "use('statistics').NormalDist(5, 2).inv_cdf(0.975), use('statistics').correlation([1, 2, 3, 5], [2, 4, 5, 9])",
    "str(use('fractions').Fraction('3.14159').limit_denominator(1000)), str(use('fractions').Fraction(1, 3) ** 5)",
    "[f'{value!r} {value:.17g} {value:e}' for value in (0.1, 1e22, 5e-324, 1.7976931348623157e308, -0.0, 2 / 3)]",
    "[getattr(use('math'), name)(0.7) for name in 'sin cos tan exp log1p gamma lgamma erf atanh'.split()]",
    "use('math').fsum([0.1] * 10), use('math').comb(200, 99), use('math').isqrt(10**60), use('math').fma(2.5, 3, 4)",
    "use('cmath').sqrt(-2 + 3j), use('cmath').exp(1j), use('cmath').phase(-1)",
    "[row for row in use('csv').reader(['a;\"b;c\";d', 'e;f'], delimiter=';')], use('csv').Sniffer().sniff('a;b\\nc;d').delimiter",
    "(lambda out: (use('csv').writer(out).writerow(['a', 'b\"c', 1, None, 2.5]), out.getvalue()))(use('io').StringIO())",
    "use('xml.etree.ElementTree').tostring(use('xml.etree.ElementTree').fromstring(XML))",
    "[node.tag for node in use('xml.etree.ElementTree').fromstring(XML).iter()]",
    "use('xml.dom.minidom').parseString(XML).toprettyxml(indent=' ')",
    "use('pyexpat').EXPAT_VERSION.startswith('expat_2.')",
    "use('html').escape('<a href=\"x\">&</a>'), use('html').unescape('&lt;&eacute;&#x1F600;&notit;')",
    "use('json').dumps({'b': [1, 2.5, None, True, TEXT], 'a': {}}, sort_keys=True, indent=1)",
    "use('json').loads('[1e400, -0.0, \"\\\\ud83d\\\\ude00\", 12345678901234567890]')",
    "[use('json.scanner').c_make_scanner is not None, use('json.encoder').c_make_encoder is not None]",
    "[use('pickle').dumps({'a': (1, 2.5, TEXT, b'x', {3})}, protocol).hex() for protocol in range(6)]",
    "use('pickle').loads(use('pickle').dumps(use('datetime').datetime(2024, 2, 29, 1, 2, 3))).isoformat()",
    "use('struct').pack('<bBhHiIqQfd4sx?e', -1, 2, -3, 4, -5, 6, -7, 8, 1.5, 2.5, b'abc', True, 0.5).hex()",
    "use('struct').unpack('>iHd', bytes(range(14)))",
    "use('array').array('d', [1.5, 2]).tobytes().hex(), use('array').array('H', range(5)).byteswap()",
    "use('heapq').nsmallest(4, [5, 1, 4, 2, 3, 0]), list(use('heapq').merge([1, 4], [2, 3], reverse=False))",
    "[use(name).__name__ for name in ('_heapq', '_bisect', '_json', '_pickle', '_decimal', '_elementtree', '_csv')]",
    "use('bisect').bisect_left([1, 2, 2, 3], 2), use('bisect').bisect([1, 2, 2, 3], 2)",
    "use('re').sub(r'(?P<w>\\w+) (\\d+)', r'\\2-\\g<w>', 'ab 12, ü 3'), use('re').findall(r'(?i)STRASSE|ſ', 'straße ſ s')",
    "[TEXT.encode(name, 'xmlcharrefreplace') for name in CODECS.split()[:4]]",
    "[('ab' + 'ü').encode(name, 'replace') for name in CODECS.split()]",
    "['日本語'.encode(name) for name in ('euc_jp', 'shift_jis', 'iso2022_jp', 'gb18030', 'big5', 'cp932')]",
    "'한국어'.encode('euc_kr') + '한국어'.encode('cp949') + '한국어'.encode('iso2022_kr')",
    "use('datetime').datetime.strptime('2024-02-29 13:45', '%Y-%m-%d %H:%M').strftime('%A %d %B %Y %j %U')",
    "use('datetime').datetime.fromisoformat('2024-W09-4T13:45:00+02:00').astimezone(use('datetime').timezone.utc)",
    "use('calendar').month(2024, 2), use('calendar').timegm((2024, 2, 29, 0, 0, 0))",
    "[str(use('ipaddress').ip_network('10.0.0.0/29')[n]) for n in (0, 5)], use('ipaddress').ip_address('::1').exploded",
    "[use('random').Random(5).random(), use('random').Random('seed').sample(range(99), 5)]",
    "use('string').Template('$a and ${b}').substitute(a=1, b=2), use('textwrap').fill('word ' * 30, 40)",
    "list(use('difflib').unified_diff(['a', 'b'], ['a', 'c'], lineterm=''))",
    "use('tomllib').loads('a = 1\\n[b]\\nc = 2024-02-29T01:02:03Z\\nd = [1.5, \"x\"]')",
    "use('configparser').ConfigParser().read_string('[a]\\nb = 1') is None",
    "use('ast').unparse(use('ast').parse('def f(a, *, b=1):\\n return [x async for x in a if b]'))",
    "[token.string for token in use('tokenize').generate_tokens(iter(['a = f\"{b!r:>{c}}\"\\n']).__next__)]",
    "[instruction.opname for instruction in use('dis').get_instructions(compile('a + b(c)', '', 'eval'))]",
    "use('uuid').uuid5(use('uuid').NAMESPACE_DNS, 'example.org'), use('uuid').UUID(int=5).hex",
    "use('urllib.parse').urlsplit('https://u:p@h:1/p;x?q=1&r=ü#f'), use('urllib.parse').quote(TEXT)",
    "use('email').message_from_string('Subject: =?utf-8?b?R3LDvMOfZQ==?=\\n\\nbody', policy=use('email.policy').default)['subject']",
    "use('plistlib').dumps({'a': [1, 2.5, b'x', True]}), use('plistlib').dumps({'a': [1]}, fmt=use('plistlib').FMT_BINARY)",
    "use('graphlib').TopologicalSorter({'d': {'b', 'c'}, 'b': {'a'}, 'c': {'a'}}).static_order().__next__()",
    "use('functools').reduce(lambda a, b: a * b, range(1, 30)), list(use('itertools').batched('abcdefg', 3))",
    "use('collections').Counter('mississippi').most_common(), use('collections').OrderedDict(a=1, b=2)",
    "[str(use('zoneinfo').ZoneInfo(k).utcoffset(use('datetime').datetime(2024, 7, 1))) for k in ('Europe/Zurich', 'UTC', 'Asia/Kolkata', 'America/Argentina/Ushuaia')]",
    "use('datetime').datetime(2024, 3, 31, 2, 30, tzinfo=use('zoneinfo').ZoneInfo('Europe/Berlin')).astimezone(use('datetime').timezone.utc).isoformat()",
    "len(use('pprint').pformat({n: list(range(n)) for n in range(12)}, width=40)), use('reprlib').repr('x' * 99)",
    "use('quopri').encodestring('ü = 1'.encode()), use('shlex').split('a \"b c\" d\\\\ e'), use('fnmatch').translate('*.[ch]')",
    "use('gettext').NullTranslations().gettext('a'), use('locale').localeconv()['decimal_point'], use('colorsys').rgb_to_hsv(0.2, 0.4, 0.6)",
    "use('sqlite3').connect(':memory:').execute('select group_concat(value) from json_each(?)', ['[1, 2.5, \"x\"]']).fetchall()",
]


def use(name):
    return importlib.import_module(name)


def answer(expression: str) -> str:
    """The result's text."""
    try:
        return repr(eval(expression, {**globals(), "use": use}))
    except Exception as error:
        return f"{type(error).__name__}: {error}"


if __name__ == "__main__":
    import json

    print(json.dumps({text: answer(text) for text in EXPRESSIONS}, indent=1, ensure_ascii=False))
else:
    from basilisk import Vec, query

    @query
    def answers(number: int) -> Vec[str]:
        """An expression and its result."""
        return [EXPRESSIONS[number], answer(EXPRESSIONS[number])]

import hashlib

from hypothesis import given, strategies as st

from primum.journal.merkle import Tree
from primum.journal.verify import _root, _roots


def test_an_empty_tree_has_the_hash_of_nothing():
    assert Tree().root() == hashlib.sha256(b"").digest()


def test_three_leaves_by_hand():
    one, two, three = (hashlib.sha256(b"\x00" + leaf).digest() for leaf in (b"a", b"b", b"c"))
    left = hashlib.sha256(b"\x01" + one + two).digest()
    assert Tree([b"a", b"b", b"c"]).root() == hashlib.sha256(b"\x01" + left + three).digest()


def test_the_tree_of_the_certificate_transparency_test_suite():
    """Roots that every implementation of RFC 6962 knows, for 1, 5 and 8 leaves of its reference test."""
    leaves = [bytes.fromhex(one) for one in (
        "", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f",
    )]  # fmt: skip
    assert Tree(leaves[:1]).root().hex() == "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d"
    assert Tree(leaves[:5]).root().hex() == "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4"
    assert Tree(leaves).root().hex() == "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328"


@given(st.lists(st.binary(max_size=8), max_size=70))
def test_the_writers_tree_is_the_verifiers(leaves):
    roots = _roots(leaves, set(range(len(leaves) + 1)))
    tree = Tree()
    assert roots[0] == tree.root().hex()
    for size, leaf in enumerate(leaves, 1):
        tree.add(leaf)
        assert tree.root().hex() == roots[size] == _root(leaves[:size]).hex()

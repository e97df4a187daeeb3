//! Plans: the types of a sequence of values, and how Python objects hold them.

use super::decode::Decoder;
use super::encode::Encoder;
use super::error::{DecodeError, EncodeError};
use super::table::{primitive_keyword, Table, TypeRef};
use crate::capi::single::Maker;
use crate::capi::dict::{Place, Template};
use crate::capi::instance::Shape;
use crate::capi::object::{Borrowed, Owned};
use crate::capi::PyObject;
use alloc::boxed::Box;
use alloc::vec::Vec;

/// Index of a node of a plan; only [`super::compile`] makes them, after checking the range.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NodeId(pub(super) u32);

/// How a type's values are held in Python, with what it takes to read and write them.
pub enum Node {
    /// `None`
    Null,
    /// `bool`
    Bool,
    /// `int`
    Nat,
    /// `int`
    Int,
    /// `int` of 1, 2, 4 or 8 bytes.
    Fixed(Fixed),
    /// `float`, rounded
    Float32,
    /// `float`
    Float64,
    /// `str`
    Text,
    /// anything; reads as `None`
    Reserved,
    /// no value
    Empty,
    /// made by calling `ctor(bytes)`, read from the attribute `bytes`
    Principal(Maker),
    /// `bytes`
    Blob,
    /// `None` or the value, see [`Opt`]
    Opt(Opt),
    /// `list`
    Vec(Items),
    /// dict or instance
    Record(Box<Record>),
    /// `tuple`
    Tuple(Box<Tuple>),
    /// `dict`
    Map(Box<Map>),
    /// `{tag: value}`, a member of an enumeration, or an instance of a case's class
    Variant(Box<Variant>),
    /// `(Principal, str)`
    Func(Box<Func>),
    /// made by calling `ctor(bytes)`, read from `canister_id.bytes`
    Service(Box<Service>),
}

/// An integer type of fixed size.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fixed {
    /// Size in bytes: 1, 2, 4 or 8.
    pub size: u8,
    /// Whether it has a sign.
    pub signed: bool,
}

impl Fixed {
    /// Its type code.
    pub fn code(self) -> TypeRef {
        use super::table::code;
        let first = if self.signed { code::INT8 } else { code::NAT8 };
        first - self.size.trailing_zeros() as TypeRef
    }
}

/// A value that may be missing.
#[derive(Clone, Copy)]
pub struct Opt {
    /// The type of the value.
    pub content: NodeId,
    /// Whether the value can itself be `None`, as in `opt null` and `opt opt nat`: then one that is there and
    /// is `None` (or has been wrapped already) reads as `Some(value)`.
    pub wraps: bool,
}

/// Elements that follow a count.
#[derive(Clone, Copy)]
pub struct Items {
    /// The type of an element.
    pub item: NodeId,
    /// The fewest bytes an element takes.
    pub minimum: u32,
    /// Work units of an element that takes no bytes.
    pub weight: u32,
}

/// A field of a record.
pub struct Field {
    /// Field id.
    pub id: u32,
    /// Its name in Python: a `str`.
    pub key: Owned,
    /// Its type.
    pub node: NodeId,
    /// Whether it reads as `None` when it is missing.
    pub optional: bool,
    /// Where dicts have it.
    pub place: Place,
    /// What `node` is, without a look at it.
    pub kind: Kind,
    /// For an opt, what is in it.
    pub content: Kind,
}

/// A type as a record's fields are told apart: the most frequent ones of their own, each by one number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum Kind {
    Bool,
    Nat,
    Int,
    Nat8,
    Nat16,
    Nat32,
    Nat64,
    Int8,
    Int16,
    Int32,
    Int64,
    Float64,
    Text,
    /// An opt that does not wrap, of one of the above.
    Opt,
    Other,
}

impl Kind {
    /// Whether no Python code runs when a value is written.
    #[inline(always)]
    pub fn is_plain(self) -> bool {
        !matches!(self, Kind::Float64 | Kind::Opt | Kind::Other)
    }

    /// That of a node; of an opt it is [`Kind::Other`].
    pub fn of(node: &Node) -> Kind {
        match node {
            Node::Bool => Kind::Bool,
            Node::Nat => Kind::Nat,
            Node::Int => Kind::Int,
            Node::Fixed(fixed) => match (fixed.size, fixed.signed) {
                (1, false) => Kind::Nat8,
                (2, false) => Kind::Nat16,
                (4, false) => Kind::Nat32,
                (_, false) => Kind::Nat64,
                (1, true) => Kind::Int8,
                (2, true) => Kind::Int16,
                (4, true) => Kind::Int32,
                (_, true) => Kind::Int64,
            },
            Node::Float64 => Kind::Float64,
            Node::Text => Kind::Text,
            _ => Kind::Other,
        }
    }
}

/// How the fields of a record become a Python object.
pub enum Style {
    /// A dict with the fields' names as keys.
    Dict(Template),
    /// An instance with the fields as attributes.
    Attributes(Attributes),
}

/// How an instance is made and read.
pub struct Attributes {
    /// Made by `class(**fields)`.
    pub class: Owned,
    /// The tuple of the fields' names.
    pub names: Owned,
    /// For a class whose constructor does no more than set the attributes.
    pub shape: Option<Shape>,
}

/// A record with names.
pub struct Record {
    /// Fields by increasing id.
    pub fields: Box<[Field]>,
    /// What they become.
    pub style: Style,
    /// Whether it has values at all (`record R { R }` has none).
    pub inhabited: bool,
    /// Whether a field may hold an object that the garbage collector has to know.
    pub holds_containers: bool,
}

/// A record with the ids 0, 1, …
pub struct Tuple {
    /// Types of the items, and whether each reads as `None` when it is missing.
    pub items: Box<[(NodeId, bool)]>,
    /// Whether it has values at all.
    pub inhabited: bool,
}

/// A vec of records of a key and a value.
pub struct Map {
    /// Bytes and work of an entry.
    pub items: Items,
    /// Type of the keys.
    pub key: NodeId,
    /// Type of the values.
    pub value: NodeId,
    /// Whether a missing key or value reads as `None`.
    pub optional: [bool; 2],
}

/// An alternative of a variant.
pub struct Alternative {
    /// Field id.
    pub id: u32,
    /// The tag in Python: a `str`.
    pub key: Owned,
    /// Type of the payload.
    pub node: NodeId,
    /// The object that stands for it, whatever the payload: the member of the enumeration, or an instance of a case's
    /// class whose payload is always `None`.
    pub member: Option<Owned>,
    /// The case's class, which makes its instances.
    pub case: Option<Maker>,
    /// Makes `{tag: payload}`.
    pub template: Template,
    /// Whether the payload may be an object that the garbage collector has to know.
    pub holds_containers: bool,
}

/// How a variant's alternatives are held in Python.
pub enum Alternatives {
    /// `{tag: payload}`
    Dict,
    /// Members of this enumeration.
    Members(Owned),
    /// Instances of the alternatives' own classes around the payloads.
    Cases,
}

/// A variant.
pub struct Variant {
    /// Alternatives by increasing id.
    pub alternatives: Box<[Alternative]>,
    /// What they are in Python.
    pub style: Alternatives,
}

/// A function reference.
pub struct Func {
    /// Its type in the plan's own table.
    pub ty: TypeRef,
    /// The node of its principal, a [`Node::Principal`].
    pub principal: NodeId,
}

/// A service reference.
pub struct Service {
    /// Its type in the plan's own table.
    pub ty: TypeRef,
    /// Makes the object from the principal's bytes.
    pub constructor: Owned,
}

/// The types of a sequence of values, ready for use.
pub struct Plan {
    pub(super) nodes: Box<[Node]>,
    pub(super) roots: Box<[NodeId]>,
    /// What messages of this plan start with.
    pub(super) header: &'static [u8],
    /// The same types in the order of other encoders.
    pub(super) other_header: Option<Box<[u8]>>,
    /// The type table of `header`.
    pub(super) table: Table<'static>,
    /// The attribute names `bytes` and `canister_id`.
    pub(super) names: Names,
    /// The class `Some` of values that wrap another one.
    pub(super) some: Option<Owned>,
}

/// Attribute names.
pub struct Names {
    /// `bytes`
    pub bytes: Owned,
    /// `canister_id`
    pub canister_id: Owned,
    /// `value`
    pub value: Owned,
}

impl Plan {
    /// How many values the plan has.
    #[inline(always)]
    pub fn arity(&self) -> usize {
        self.roots.len()
    }

    /// What messages of this plan start with: `DIDL`, the type table, the types of the values.
    pub fn header(&self) -> &[u8] {
        self.header
    }

    /// Decodes a message. Each slot of `out` receives an owned reference; after an error none does.
    ///
    /// No Python exception is left behind: one raised by a constructor becomes part of the error.
    ///
    /// # Panics
    /// When `out` is not [`Plan::arity`] long.
    pub fn decode_into(&self, message: &[u8], out: &mut [*mut PyObject]) -> Result<(), DecodeError> {
        Decoder::new(self, message).run(out)
    }

    /// Appends the message that holds `values` to `out`; after an error `out` is as before.
    ///
    /// No Python exception is left behind: one raised by an attribute becomes part of the error.
    ///
    /// # Panics
    /// When `values` is not [`Plan::arity`] long.
    pub fn encode(&self, values: &[*mut PyObject], out: &mut Vec<u8>) -> Result<(), EncodeError> {
        assert_eq!(values.len(), self.arity());
        // SAFETY: `Borrowed` is a transparent pointer, and the caller's objects are alive.
        let values = unsafe { core::slice::from_raw_parts(values.as_ptr().cast::<Borrowed<'_>>(), values.len()) };
        Encoder::new(self, out).run(values)
    }

    /// Whether it is a `Some(…)`.
    #[inline(always)]
    pub(super) fn is_some(&self, value: Borrowed<'_>) -> bool {
        self.some.as_ref().is_some_and(|class| value.class_is(class.borrow()))
    }

    /// The node with that number.
    #[inline(always)]
    pub(super) fn node(&self, id: NodeId) -> &Node {
        debug_assert!((id.0 as usize) < self.nodes.len());
        // SAFETY: the numbers in a plan are in range, see `NodeId`.
        unsafe { self.nodes.get_unchecked(id.0 as usize) }
    }
}

impl Node {
    /// The Candid keyword, for messages.
    pub fn keyword(&self) -> &'static str {
        use super::table::code;
        let primitive = match self {
            Node::Null => code::NULL,
            Node::Bool => code::BOOL,
            Node::Nat => code::NAT,
            Node::Int => code::INT,
            Node::Fixed(fixed) => fixed.code(),
            Node::Float32 => code::FLOAT32,
            Node::Float64 => code::FLOAT64,
            Node::Text => code::TEXT,
            Node::Reserved => code::RESERVED,
            Node::Empty => code::EMPTY,
            Node::Principal(_) => code::PRINCIPAL,
            Node::Blob => return "blob",
            Node::Opt(_) => return "opt",
            Node::Vec(_) | Node::Map(_) => return "vec",
            Node::Record(_) | Node::Tuple(_) => return "record",
            Node::Variant(_) => return "variant",
            Node::Func(_) => return "func",
            Node::Service(_) => return "service",
        };
        primitive_keyword(primitive)
    }

    /// Whether a missing value reads as `None`.
    pub fn is_optional(&self) -> bool {
        matches!(self, Node::Null | Node::Reserved | Node::Opt(_))
    }
}

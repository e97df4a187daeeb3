//! Compiles the description of types that Python hands over into a [`Plan`].
//!
//! The description is a tuple of nodes that refer to each other by index; each node is a tuple
//! that starts with its kind:
//!
//! | node | Python value |
//! |---|---|
//! | `("null",)` … `("float64",)`, `("text",)`, `("reserved",)`, `("empty",)` | as usual |
//! | `("principal", ctor)` | `ctor(bytes)`, attribute `bytes` |
//! | `("blob",)` | `bytes` |
//! | `("opt", i)` | `None` or the value |
//! | `("vec", i)` | `list` |
//! | `("record", style, cls, ((id, key, i), …))` | style `dict`, or `attrs`: `cls(**fields)` |
//! | `("record", "attrs", cls, ((id, key, i), …), (key, …))` | the same when all that `cls(**fields)` does is to set these attributes of a new object, in this order |
//! | `("tuple", (i, …))` | `tuple` |
//! | `("map", k, v)` | `dict` |
//! | `("variant", style, cls, ((id, key, i), …))` | style `dict`: `{key: value}`, or `enum`: member of `cls` |
//! | `("variant", "cases", (cls, …), ((id, key, i), …))` | an instance of the alternative's `cls`, made by `cls(value)`, attribute `value` |
//! | `("func", mode, (i, …), (i, …), principal)` | `(principal, str)` |
//! | `("service", ((name, i), …), ctor)` | `ctor(bytes)`, attribute `canister_id.bytes` |

use super::header::{self, Graph, Ref};
use super::measure::measure;
use super::plan::{
    Alternative, Alternatives, Attributes, Field, Fixed, Func, Items, Kind, Map, Names, Node, NodeId, Opt, Plan, Record, Service, Style, Tuple, Variant,
};
use super::reader::Reader;
use super::table::{code, Table, TypeRef};
use crate::capi::single::Maker;
use crate::capi::dict::{Place, Template};
use crate::capi::instance::Shape;
use crate::capi::layout::Py_TPFLAGS_TYPE_SUBCLASS;
use crate::capi::object::{raise, Borrowed, Owned, PyResult, Raised};
use crate::capi::raw;
use alloc::boxed::Box;
use alloc::string::String;
use alloc::vec;
use alloc::vec::Vec;
use core::cell::RefCell;

/// Compiles a plan for values of the types `roots`; raises `ValueError` for a malformed description.
#[cold]
pub fn compile(nodes: Borrowed<'_>, roots: Borrowed<'_>) -> PyResult<Box<Plan>> {
    let nodes = items(nodes)?;
    let source = Source { count: nodes.len(), some: RefCell::new(None) };
    let mut compiled = nodes.iter().map(|node| source.node(*node)).collect::<PyResult<Vec<Node>>>()?;
    let roots = items(roots)?.iter().map(|root| source.id(*root)).collect::<PyResult<Box<[NodeId]>>>()?;
    source.check_principals(&compiled)?;
    measure(&mut compiled);
    only_instances(&mut compiled)?;
    let some = source.some.into_inner();
    if some.is_none() && compiled.iter().any(|node| matches!(node, Node::Opt(opt) if opt.wraps)) {
        return Err(invalid("an opt of a type with null needs the class Some"));
    }

    let (graph, refs) = graph(nodes, &compiled)?;
    let root_refs: Vec<Ref> = roots.iter().map(|root| refs[root.0 as usize]).collect();
    let headers = header::build(&graph, &root_refs);
    for (node, reference) in compiled.iter_mut().zip(&refs) {
        let number = match *reference {
            Ref::Node(index) => headers.numbers[index].unwrap_or(0),
            Ref::Primitive(_) => continue,
        };
        match node {
            Node::Func(func) => func.ty = number,
            Node::Service(service) => service.ty = number,
            _ => {}
        }
    }
    // Plans live as long as the program: the table refers to the method names in the header.
    let header: &'static [u8] = Box::leak(headers.canonical.into_boxed_slice());
    let table = Table::parse(&mut Reader::new(header)).map_err(invalid)?;
    Ok(Box::new(Plan {
        nodes: compiled.into_boxed_slice(),
        roots,
        header,
        other_header: headers.parts_first.map(Vec::into_boxed_slice),
        table,
        names: Names {
            bytes: Owned::interned("bytes")?,
            canister_id: Owned::interned("canister_id")?,
            value: Owned::interned("value")?,
        },
        some,
    }))
}

fn invalid(message: &str) -> Raised {
    // SAFETY: the exception class lives as long as the interpreter.
    let class = unsafe { Borrowed::from_raw(raw::PyExc_ValueError) };
    let mut text = String::from("invalid Candid plan: ");
    text.push_str(message);
    raise(class, &text)
}

fn items(tuple: Borrowed<'_>) -> PyResult<&[Borrowed<'_>]> {
    tuple.tuple_items().ok_or_else(|| invalid("a tuple expected"))
}

fn text(object: Borrowed<'_>) -> PyResult<&str> {
    object.text().unwrap_or_else(|| Err(invalid("a str expected")))
}

/// A key of the plan, which lives for ever: the interned string of the same text.
fn key(object: Borrowed<'_>) -> PyResult<Owned> {
    Owned::interned_forever(text(object)?)
}

fn integer(object: Borrowed<'_>) -> PyResult<u32> {
    let value = object.i64().and_then(|value| u32::try_from(value).ok());
    value.ok_or_else(|| invalid("a number of 32 bits expected"))
}

/// Reads nodes whose references lie below `count`.
struct Source {
    count: usize,
    /// The class that opts name.
    some: RefCell<Option<Owned>>,
}

impl Source {
    fn id(&self, object: Borrowed<'_>) -> PyResult<NodeId> {
        match integer(object)? {
            id if (id as usize) < self.count => Ok(NodeId(id)),
            _ => Err(invalid("a reference to a node that does not exist")),
        }
    }

    fn node(&self, object: Borrowed<'_>) -> PyResult<Node> {
        let items = items(object)?;
        let (kind, rest) = items.split_first().ok_or_else(|| invalid("an empty node"))?;
        let fixed = |size, signed| Node::Fixed(Fixed { size, signed });
        Ok(match (text(*kind)?, rest) {
            ("null", []) => Node::Null,
            ("bool", []) => Node::Bool,
            ("nat", []) => Node::Nat,
            ("int", []) => Node::Int,
            ("nat8", []) => fixed(1, false),
            ("nat16", []) => fixed(2, false),
            ("nat32", []) => fixed(4, false),
            ("nat64", []) => fixed(8, false),
            ("int8", []) => fixed(1, true),
            ("int16", []) => fixed(2, true),
            ("int32", []) => fixed(4, true),
            ("int64", []) => fixed(8, true),
            ("float32", []) => Node::Float32,
            ("float64", []) => Node::Float64,
            ("text", []) => Node::Text,
            ("reserved", []) => Node::Reserved,
            ("empty", []) => Node::Empty,
            ("principal", [constructor]) => Node::Principal(Maker::of(*constructor)),
            ("blob", []) => Node::Blob,
            ("opt", [content]) => Node::Opt(Opt { content: self.id(*content)?, wraps: false }),
            ("opt", [content, class]) => {
                if !class.has_feature(Py_TPFLAGS_TYPE_SUBCLASS) {
                    return Err(invalid("the wrapper of an opt is not a class"));
                }
                let known = self.some.replace(Some((*class).to_owned()));
                if known.is_some_and(|known| known.as_ptr() != class.as_ptr()) {
                    return Err(invalid("two classes wrap values"));
                }
                Node::Opt(Opt { content: self.id(*content)?, wraps: false })
            }
            ("vec", [item]) => Node::Vec(Items { item: self.id(*item)?, minimum: 0, weight: 1 }),
            ("record", [style, class, fields]) => self.record(text(*style)?, *class, *fields, None)?,
            ("record", [style, class, fields, order]) => self.record(text(*style)?, *class, *fields, Some(*order))?,
            ("tuple", [list]) => {
                let items = self::items(*list)?;
                let items = items.iter().map(|item| Ok((self.id(*item)?, false))).collect::<PyResult<_>>()?;
                Node::Tuple(Box::new(Tuple { items, inhabited: true }))
            }
            ("map", [key, value]) => {
                let (key, value) = (self.id(*key)?, self.id(*value)?);
                let items = Items { item: key, minimum: 0, weight: 1 };
                Node::Map(Box::new(Map { items, key, value, optional: [false; 2] }))
            }
            ("variant", [style, class, fields]) => self.variant(text(*style)?, *class, *fields)?,
            ("func", [_, _, _, principal]) => {
                Node::Func(Box::new(Func { ty: 0, principal: self.id(*principal)? }))
            }
            ("service", [_, constructor]) => {
                Node::Service(Box::new(Service { ty: 0, constructor: (*constructor).to_owned() }))
            }
            _ => return Err(invalid("an unknown kind of node, or one with other parts than it should have")),
        })
    }

    /// `(id, key, i)` by increasing id.
    fn fields<T>(
        &self,
        fields: Borrowed<'_>,
        make: impl Fn(u32, Owned, NodeId) -> PyResult<T>,
    ) -> PyResult<Box<[T]>> {
        let mut last = None;
        let fields = items(fields)?.iter().map(|field| match items(*field)? {
            [id, name, node] => {
                let id = integer(*id)?;
                if last.replace(id).is_some_and(|last| last >= id) {
                    return Err(invalid("field ids are not in increasing order"));
                }
                make(id, key(*name)?, self.id(*node)?)
            }
            _ => Err(invalid("a field is not (id, key, type)")),
        });
        fields.collect()
    }

    fn record(
        &self,
        style: &str,
        class: Borrowed<'_>,
        fields: Borrowed<'_>,
        order: Option<Borrowed<'_>>,
    ) -> PyResult<Node> {
        let fields = self.fields(fields, |id, key, node| 
            Ok(Field { id, key, node, optional: false, place: Place::default(), kind: Kind::Other, content: Kind::Other })
        )?;
        let style = match style {
            "dict" => {
                let template = Template::new(fields.iter().map(|field: &Field| field.key.borrow()))?;
                if template.size() != fields.len() {
                    return Err(invalid("two fields of a record have the same key"));
                }
                Style::Dict(template)
            }
            "attrs" => Style::Attributes(Attributes {
                class: class.to_owned(),
                names: names(&fields)?,
                shape: order.map_or(Ok(None), |order| shape(class, &fields, order))?,
            }),
            _ => return Err(invalid("the style of a record is neither dict nor attrs")),
        };
        Ok(Node::Record(Box::new(Record { fields, style, inhabited: true, holds_containers: true })))
    }

    fn variant(&self, style: &str, class: Borrowed<'_>, fields: Borrowed<'_>) -> PyResult<Node> {
        let (style, classes) = match style {
            "dict" => (Alternatives::Dict, &[][..]),
            "enum" => (Alternatives::Members(class.to_owned()), &[][..]),
            "cases" => (Alternatives::Cases, items(class)?),
            _ => return Err(invalid("the style of a variant is neither dict nor enum nor cases")),
        };
        let mut rest = classes.iter();
        let alternatives = self.fields(fields, |id, key, node| {
            let member = match &style {
                Alternatives::Members(class) => Some(class.borrow().attr_object(key.borrow())?),
                _ => None,
            };
            let template = Template::new(core::iter::once(key.borrow()))?;
            Ok(Alternative { id, key, node, member, case: None, template, holds_containers: true })
        })?;
        let mut variant = Variant { alternatives, style };
        if let Alternatives::Cases = variant.style {
            for alternative in &mut variant.alternatives {
                match rest.next() {
                    Some(class) if class.has_feature(Py_TPFLAGS_TYPE_SUBCLASS) => alternative.case = Some(Maker::of(*class)),
                    _ => return Err(invalid("a case of a variant has no class")),
                }
            }
        }
        match rest.next() {
            None => Ok(Node::Variant(Box::new(variant))),
            Some(_) => Err(invalid("a variant has more classes than cases")),
        }
    }

    fn check_principals(&self, nodes: &[Node]) -> PyResult<()> {
        let wrong = |node: &Node| match node {
            Node::Func(func) => !matches!(nodes[func.principal.0 as usize], Node::Principal(_)),
            Node::Variant(variant) if matches!(variant.style, Alternatives::Members(_)) => {
                variant.alternatives.iter().any(|one| !nodes[one.node.0 as usize].is_optional())
            }
            _ => false,
        };
        match nodes.iter().any(wrong) {
            true => Err(invalid("a func without a principal, or an enum with a payload")),
            false => Ok(()),
        }
    }
}

/// Makes the only instance of each case whose payload is always `None`: instances cannot be changed, so one will do.
fn only_instances(nodes: &mut [Node]) -> PyResult<()> {
    let always_none: Vec<bool> = nodes.iter().map(|node| matches!(node, Node::Null | Node::Reserved)).collect();
    for node in nodes {
        let Node::Variant(variant) = node else { continue };
        for alternative in &mut variant.alternatives {
            if let (Some(Maker::InPlace(_)), true) = (&alternative.case, always_none[alternative.node.0 as usize]) {
                alternative.member = alternative.case.as_ref().map(|case| case.make(Owned::none(), false)).transpose()?;
            }
        }
    }
    Ok(())
}

/// Where instances of the class have the fields, when they are of the ordinary form.
fn shape(class: Borrowed<'_>, fields: &[Field], order: Borrowed<'_>) -> PyResult<Option<Shape>> {
    let order = items(order)?.iter().map(|name| key(*name)).collect::<PyResult<Vec<Owned>>>()?;
    let order: Vec<Borrowed<'_>> = order.iter().map(Owned::borrow).collect();
    let names: Vec<Borrowed<'_>> = fields.iter().map(|field| field.key.borrow()).collect();
    if names.len() != order.len() || !names.iter().all(|name| order.iter().any(|own| own.as_ptr() == name.as_ptr())) {
        return Err(invalid("the attributes of a record are not its fields"));
    }
    Shape::new(class, &names, &order)
}

/// The tuple of the fields' names, in order.
fn names(fields: &[Field]) -> PyResult<Owned> {
    let list = Owned::list()?;
    for field in fields {
        list.borrow().list_append(field.key.borrow())?;
    }
    // SAFETY: the list is alive; the result is a new reference.
    unsafe { Owned::from_raw(raw::PyList_AsTuple(list.as_ptr())) }
}

/// The graph of composite types, and for each node of the description what it is in there.
fn graph(sources: &[Borrowed<'_>], nodes: &[Node]) -> PyResult<(Graph, Vec<Ref>)> {
    // First the places, so that parts can refer to later nodes.
    let mut size = 0;
    let mut place = |count: usize| {
        size += count;
        Ref::Node(size - count)
    };
    let refs: Vec<Ref> = nodes
        .iter()
        .map(|node| match node {
            Node::Opt(_) | Node::Vec(_) | Node::Blob | Node::Record(_) | Node::Tuple(_) => place(1),
            Node::Variant(_) | Node::Func(_) | Node::Service(_) => place(1),
            // The vec, and behind it the record of an entry.
            Node::Map(_) => place(2),
            primitive => Ref::Primitive(primitive_code(primitive)),
        })
        .collect();
    let at = |id: NodeId| refs[id.0 as usize];
    let simple = |opcode, labels, parts| header::Node { opcode, labels, names: Vec::new(), parts };
    let mut graph = Vec::with_capacity(size);
    for (source, node) in sources.iter().zip(nodes) {
        let next = match node {
            Node::Opt(opt) => simple(code::OPT, vec![], vec![at(opt.content)]),
            Node::Vec(items) => simple(code::VEC, vec![], vec![at(items.item)]),
            Node::Blob => simple(code::VEC, vec![], vec![Ref::Primitive(code::NAT8)]),
            Node::Map(map) => {
                graph.push(simple(code::VEC, vec![], vec![Ref::Node(graph.len() + 1)]));
                simple(code::RECORD, vec![0, 1], vec![at(map.key), at(map.value)])
            }
            Node::Record(record) => {
                let labels = record.fields.iter().map(|field| field.id).collect();
                simple(code::RECORD, labels, record.fields.iter().map(|field| at(field.node)).collect())
            }
            Node::Tuple(tuple) => {
                let labels = (0..tuple.items.len() as u32).collect();
                simple(code::RECORD, labels, tuple.items.iter().map(|(item, _)| at(*item)).collect())
            }
            Node::Variant(variant) => {
                let labels = variant.alternatives.iter().map(|one| one.id).collect();
                simple(code::VARIANT, labels, variant.alternatives.iter().map(|one| at(one.node)).collect())
            }
            Node::Func(_) => func(*source, &refs)?,
            Node::Service(_) => service(*source, nodes, &refs)?,
            _ => continue,
        };
        graph.push(next);
    }
    Ok((graph, refs))
}

fn primitive_code(node: &Node) -> TypeRef {
    match node {
        Node::Null => code::NULL,
        Node::Bool => code::BOOL,
        Node::Nat => code::NAT,
        Node::Int => code::INT,
        Node::Fixed(fixed) => fixed.code(),
        Node::Float32 => code::FLOAT32,
        Node::Float64 => code::FLOAT64,
        Node::Text => code::TEXT,
        Node::Reserved => code::RESERVED,
        Node::Principal(_) => code::PRINCIPAL,
        _ => code::EMPTY,
    }
}

/// `("func", mode, (i, …), (i, …), principal)`
fn func(source: Borrowed<'_>, refs: &[Ref]) -> PyResult<header::Node> {
    let [_, mode, arguments, results, _] = items(source)? else {
        return Err(invalid("a func has other parts than it should have"));
    };
    let annotation = match text(*mode)? {
        "" => 0,
        "query" => 1,
        "oneway" => 2,
        "composite_query" => 3,
        _ => return Err(invalid("the mode of a func is unknown")),
    };
    let source = Source { count: refs.len(), some: RefCell::new(None) };
    let arguments = items(*arguments)?;
    let count = arguments.len() as u32;
    let parts = arguments.iter().chain(items(*results)?);
    let parts = parts.map(|part| Ok(refs[source.id(*part)?.0 as usize])).collect::<PyResult<_>>()?;
    Ok(header::Node { opcode: code::FUNC, labels: vec![count, annotation], names: Vec::new(), parts })
}

/// `("service", ((name, i), …), ctor)`
fn service(source: Borrowed<'_>, nodes: &[Node], refs: &[Ref]) -> PyResult<header::Node> {
    let [_, methods, _] = items(source)? else {
        return Err(invalid("a service has other parts than it should have"));
    };
    let source = Source { count: refs.len(), some: RefCell::new(None) };
    let mut sorted = Vec::new();
    for method in items(*methods)? {
        let [name, node] = items(*method)? else {
            return Err(invalid("a method is not (name, type)"));
        };
        let id = source.id(*node)?.0 as usize;
        if !matches!(nodes[id], Node::Func(_)) {
            return Err(invalid("a method of a service is not a func"));
        }
        sorted.push((String::from(text(*name)?), refs[id]));
    }
    sorted.sort_by(|a, b| a.0.as_bytes().cmp(b.0.as_bytes()));
    if sorted.windows(2).any(|pair| pair[0].0 == pair[1].0) {
        return Err(invalid("two methods of a service have the same name"));
    }
    let (names, parts) = sorted.into_iter().unzip();
    Ok(header::Node { opcode: code::SERVICE, labels: Vec::new(), names, parts })
}

//! The header of a message for given types: `DIDL`, the type table, the types of the values.
//!
//! Types that mean the same share one entry (partition refinement over the graph of types), so
//! the table has no duplicates whatever the program's annotations look like. Entries come in the order in
//! which a walk from the values enters them, as the Rust encoder writes them. The JavaScript
//! encoder numbers a type after its parts instead; for types without recursion that form is built as
//! well, so that messages of both are recognised by comparing bytes.

use super::reader::{put_leb, put_sleb};
use super::table::{code, TypeRef};
use alloc::collections::BTreeMap;
use alloc::string::String;
use alloc::vec;
use alloc::vec::Vec;

/// A reference to a type of a [`Graph`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ref {
    /// A type without an entry.
    Primitive(TypeRef),
    /// A composite type, by index.
    Node(usize),
}

/// A composite type.
#[derive(Clone, Debug)]
pub struct Node {
    /// [`code::OPT`] to [`code::SERVICE`].
    pub opcode: i32,
    /// Field ids of records and variants; of functions: number of arguments, annotation or 0.
    pub labels: Vec<u32>,
    /// Method names of services.
    pub names: Vec<String>,
    /// Inner types in order; arguments and results of functions.
    pub parts: Vec<Ref>,
}

/// Composite types that refer to each other.
pub type Graph = Vec<Node>;

/// What [`build`] makes of a graph.
pub struct Headers {
    /// Entries in the order in which they are entered.
    pub canonical: Vec<u8>,
    /// Parts before wholes; absent when it is the same or a type is recursive.
    pub parts_first: Option<Vec<u8>>,
    /// For each node of the graph its index in the canonical table; `None` for those not reached.
    pub numbers: Vec<Option<TypeRef>>,
}

/// Builds the headers for values of the types `roots`.
pub fn build(graph: &Graph, roots: &[Ref]) -> Headers {
    let classes = classes(graph);
    let canonical_order = enter_order(graph, &classes, roots);
    let canonical = write(graph, &classes, roots, &canonical_order);
    let parts_first = leave_order(graph, &classes, roots)
        .map(|order| write(graph, &classes, roots, &order))
        .filter(|bytes| *bytes != canonical);
    let numbers = positions(&canonical_order, graph.len());
    let numbers = classes.iter().map(|&class| numbers[class]).collect();
    Headers { canonical, parts_first, numbers }
}

/// For each node the first node that means the same type.
fn classes(graph: &Graph) -> Vec<usize> {
    let mut classes = vec![0; graph.len()];
    let mut count = 0;
    loop {
        let mut first_of = BTreeMap::new();
        let next: Vec<usize> = graph
            .iter()
            .enumerate()
            .map(|(index, node)| {
                let parts: Vec<i64> = node
                    .parts
                    .iter()
                    .map(|part| match *part {
                        Ref::Primitive(code) => code.into(),
                        Ref::Node(part) => classes[part] as i64,
                    })
                    .collect();
                let key = (classes[index], node.opcode, &node.labels, &node.names, parts);
                *first_of.entry(key).or_insert(index)
            })
            .collect();
        let classes_now = first_of.len();
        drop(first_of);
        classes = next;
        if classes_now == count {
            return classes;
        }
        count = classes_now;
    }
}

/// Classes in the order in which a depth-first walk enters them.
fn enter_order(graph: &Graph, classes: &[usize], roots: &[Ref]) -> Vec<usize> {
    let mut seen = vec![false; graph.len()];
    let mut order = Vec::new();
    let mut stack: Vec<Ref> = roots.iter().rev().copied().collect();
    while let Some(next) = stack.pop() {
        let Ref::Node(node) = next else { continue };
        let class = classes[node];
        if !core::mem::replace(&mut seen[class], true) {
            order.push(class);
            stack.extend(graph[class].parts.iter().rev());
        }
    }
    order
}

/// Classes in the order in which a depth-first walk leaves them; `None` when it meets a cycle.
fn leave_order(graph: &Graph, classes: &[usize], roots: &[Ref]) -> Option<Vec<usize>> {
    #[derive(Clone, Copy, PartialEq)]
    enum State {
        Unseen,
        Inside,
        Left,
    }
    let mut states = vec![State::Unseen; graph.len()];
    let mut order = Vec::new();
    for root in roots {
        let Ref::Node(root) = *root else { continue };
        let mut stack = vec![(classes[root], 0)];
        while let Some((class, part)) = stack.pop() {
            if part == 0 {
                match states[class] {
                    State::Unseen => states[class] = State::Inside,
                    State::Inside => return None,
                    State::Left => continue,
                }
            }
            match graph[class].parts.get(part) {
                Some(Ref::Node(inner)) => {
                    stack.push((class, part + 1));
                    stack.push((classes[*inner], 0));
                }
                Some(Ref::Primitive(_)) => stack.push((class, part + 1)),
                None => {
                    states[class] = State::Left;
                    order.push(class);
                }
            }
        }
    }
    Some(order)
}

fn positions(order: &[usize], size: usize) -> Vec<Option<TypeRef>> {
    let mut numbers = vec![None; size];
    for (number, &class) in order.iter().enumerate() {
        numbers[class] = Some(number as TypeRef);
    }
    numbers
}

fn write(graph: &Graph, classes: &[usize], roots: &[Ref], order: &[usize]) -> Vec<u8> {
    let numbers = positions(order, graph.len());
    let put_ref = |out: &mut Vec<u8>, part: &Ref| match *part {
        Ref::Primitive(code) => put_sleb(out, code.into()),
        Ref::Node(node) => put_sleb(out, numbers[classes[node]].map_or(0, i64::from)),
    };
    let mut out = Vec::from(*b"DIDL");
    put_leb(&mut out, order.len() as u64);
    for &class in order {
        let node = &graph[class];
        put_sleb(&mut out, node.opcode.into());
        match node.opcode {
            code::RECORD | code::VARIANT => {
                put_leb(&mut out, node.parts.len() as u64);
                for (id, part) in node.labels.iter().zip(&node.parts) {
                    put_leb(&mut out, (*id).into());
                    put_ref(&mut out, part);
                }
            }
            code::FUNC => {
                let (arguments, results) = node.parts.split_at(node.labels[0] as usize);
                for list in [arguments, results] {
                    put_leb(&mut out, list.len() as u64);
                    list.iter().for_each(|part| put_ref(&mut out, part));
                }
                match node.labels[1] {
                    0 => out.push(0),
                    annotation => out.extend([1, annotation as u8]),
                }
            }
            code::SERVICE => {
                put_leb(&mut out, node.parts.len() as u64);
                for (name, part) in node.names.iter().zip(&node.parts) {
                    put_leb(&mut out, name.len() as u64);
                    out.extend_from_slice(name.as_bytes());
                    put_ref(&mut out, part);
                }
            }
            _ => node.parts.iter().for_each(|part| put_ref(&mut out, part)),
        }
    }
    put_leb(&mut out, roots.len() as u64);
    roots.iter().for_each(|root| put_ref(&mut out, root));
    out
}

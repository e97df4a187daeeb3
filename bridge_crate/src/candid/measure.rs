//! Works out what follows from how the nodes of a plan refer to each other.

use super::plan::{Kind, Node, NodeId};
use alloc::vec;
use alloc::vec::Vec;

/// No value of this size exists.
const NEVER: u32 = u32::MAX;

/// Fills in what follows from the other nodes: optional fields, the fewest bytes of an element, the
/// work of elements that take no bytes, which opts wrap, and which records have no value.
pub fn measure(nodes: &mut [Node]) {
    let minimum = fixed_point(nodes, NEVER, |node, sizes| match node {
        Node::Null | Node::Reserved => 0,
        Node::Bool | Node::Nat | Node::Int | Node::Text | Node::Blob | Node::Opt(_) | Node::Vec(_) | Node::Map(_) => 1,
        Node::Fixed(fixed) => fixed.size.into(),
        Node::Float32 => 4,
        Node::Float64 => 8,
        Node::Empty => NEVER,
        Node::Principal(_) | Node::Service(_) => 2,
        Node::Func(_) => 4,
        Node::Record(record) => sum(record.fields.iter().map(|field| sizes[field.node.0 as usize])),
        Node::Tuple(tuple) => sum(tuple.items.iter().map(|(item, _)| sizes[item.0 as usize])),
        Node::Variant(variant) => {
            let payload = variant.alternatives.iter().map(|one| sizes[one.node.0 as usize]).min();
            payload.unwrap_or(NEVER).saturating_add(1)
        }
    });
    let is_free = |id: NodeId| minimum[id.0 as usize] == 0;
    let weight = fixed_point(nodes, 1, |node, weights| match node {
        Node::Record(record) if record.fields.iter().all(|field| is_free(field.node)) => {
            sum(record.fields.iter().map(|field| weights[field.node.0 as usize])).saturating_add(1)
        }
        Node::Tuple(tuple) if tuple.items.iter().all(|(item, _)| is_free(*item)) => {
            sum(tuple.items.iter().map(|(item, _)| weights[item.0 as usize])).saturating_add(1)
        }
        _ => 1,
    });
    let container = fixed_point(nodes, 0, |node, containers| match node {
        // What wraps is a container as well.
        Node::Opt(opt) => containers[opt.content.0 as usize].max(nodes[opt.content.0 as usize].is_optional().into()),
        Node::Principal(_) | Node::Vec(_) | Node::Record(_) | Node::Tuple(_) | Node::Map(_) => 1,
        Node::Variant(_) | Node::Func(_) | Node::Service(_) => 1,
        _ => 0,
    });
    let optional: Vec<bool> = nodes.iter().map(Node::is_optional).collect();
    let kind: Vec<Kind> = nodes.iter().map(Kind::of).collect();
    let opt_of: Vec<Kind> = nodes.iter().map(|node| match node {
        Node::Opt(opt) => kind[opt.content.0 as usize],
        _ => Kind::Other,
    }).collect();
    for (node, minimum_here) in nodes.iter_mut().zip(&minimum) {
        let inhabited = *minimum_here != NEVER;
        match node {
            Node::Record(record) => {
                record.inhabited = inhabited;
                record.holds_containers = record.fields.iter().any(|field| container[field.node.0 as usize] != 0);
                for field in &mut record.fields {
                    let index = field.node.0 as usize;
                    field.optional = optional[index];
                    field.content = opt_of[index];
                    field.kind = if field.content == Kind::Other { kind[index] } else { Kind::Opt };
                }
            }
            Node::Opt(opt) => opt.wraps = optional[opt.content.0 as usize],
            Node::Variant(variant) => {
                let alternatives = variant.alternatives.iter_mut();
                alternatives.for_each(|one| one.holds_containers = container[one.node.0 as usize] != 0);
            }
            Node::Tuple(tuple) => {
                tuple.inhabited = inhabited;
                tuple.items.iter_mut().for_each(|(item, missing)| *missing = optional[item.0 as usize]);
            }
            Node::Vec(items) => {
                items.minimum = minimum[items.item.0 as usize];
                items.weight = weight[items.item.0 as usize];
            }
            Node::Map(map) => {
                let (key, value) = (map.key.0 as usize, map.value.0 as usize);
                map.items.minimum = minimum[key].saturating_add(minimum[value]);
                map.items.weight = weight[key].saturating_add(weight[value]).saturating_add(1);
                map.optional = [optional[key], optional[value]];
            }
            _ => {}
        }
    }
}

fn sum(sizes: impl Iterator<Item = u32>) -> u32 {
    sizes.fold(0, u32::saturating_add)
}

/// Applies `step` to all nodes until nothing changes; a round for each level of nesting.
fn fixed_point(nodes: &[Node], start: u32, step: impl Fn(&Node, &[u32]) -> u32) -> Vec<u32> {
    let mut values = vec![start; nodes.len()];
    // A chain of n types settles after n rounds; types without values stay at the start.
    for _ in 0..=nodes.len() {
        let mut changed = false;
        for (index, node) in nodes.iter().enumerate() {
            let value = step(node, &values);
            changed |= core::mem::replace(&mut values[index], value) != value;
        }
        if !changed {
            break;
        }
    }
    values
}

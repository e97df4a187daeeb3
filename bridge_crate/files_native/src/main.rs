//! Obeys the lines of its input, one operation each, and answers each with a line: `ok …` or `error NUMBER`.
//!
//! Words are separated by spaces; paths and data are hexadecimal with a leading `x`.

use basilisk_files::descriptors::{Opening, Whence};
use basilisk_files::stable::Stable;
use basilisk_files::system::{Place, Times};
use basilisk_files::volume::Meta;
use basilisk_files::{Errno, FileSystem};
use basilisk_stable::memory::{Fault, Memory};
use std::io::{BufRead, Write};

/// A memory that refuses to grow beyond its limit.
struct Limited {
    bytes: Vec<u8>,
    most: u64,
}

impl Memory for Limited {
    fn size(&self) -> u64 {
        self.bytes.size()
    }

    fn most(&self) -> u64 {
        self.most.saturating_mul(65_536)
    }

    fn grow(&mut self, pages: u64) -> Result<(), Fault> {
        if self.size() / 65_536 + pages > self.most {
            return Err(Fault::Full { pages });
        }
        self.bytes.grow(pages)
    }

    fn read(&self, offset: u64, into: &mut [u8]) -> Result<(), Fault> {
        Memory::read(&self.bytes, offset, into)
    }

    fn write(&mut self, offset: u64, data: &[u8]) -> Result<(), Fault> {
        Memory::write(&mut self.bytes, offset, data)
    }
}

type System = FileSystem<Stable<Limited, Limited>>;

struct Words<'a>(std::str::SplitWhitespace<'a>);

impl<'a> Words<'a> {
    fn word(&mut self) -> &'a str {
        self.0.next().expect("a word is missing")
    }

    fn number<T: std::str::FromStr<Err: std::fmt::Debug>>(&mut self) -> T {
        self.word().parse().expect("a number")
    }

    /// Permissions of what is made; they may be left out.
    fn mode(&mut self, otherwise: u16) -> u16 {
        self.0.next().map_or(otherwise, |word| word.parse().expect("a number"))
    }

    fn bytes(&mut self) -> Vec<u8> {
        let text = self.word().strip_prefix('x').expect("x and digits");
        let digit = |at: usize| u8::from_str_radix(&text[at..at + 2], 16).expect("digits");
        (0..text.len()).step_by(2).map(digit).collect()
    }
}

fn hex(bytes: &[u8]) -> String {
    let digit = |value: u8| char::from(b"0123456789abcdef"[usize::from(value)]);
    let digits = bytes.iter().flat_map(|byte| [digit(byte >> 4), digit(byte & 15)]);
    std::iter::once('x').chain(digits).collect()
}

fn shown((place, meta): (Place, Meta)) -> String {
    let Meta { kind, links, size, accessed, modified, changed, .. } = meta;
    let (mount, node) = (place.mount as u8, place.node);
    let mode = meta.mode();
    format!("{mount} {node} {} {links} {size} {accessed} {modified} {changed} {mode}", kind as u8)
}

fn opening(letters: &str, mode: u16) -> Opening {
    let has = |letter| letters.contains(letter);
    Opening {
        read: has('r'),
        write: has('w'),
        append: has('a'),
        create: has('c'),
        exclusive: has('x'),
        truncate: has('t'),
        directory: has('d'),
        no_follow: has('n'),
        mode,
    }
}

fn obey(system: &mut System, words: &mut Words<'_>) -> Result<String, Errno> {
    let none = String::new();
    Ok(match words.word() {
        "open" => {
            let path = words.bytes();
            let (letters, mode) = (words.word(), words.mode(0o666));
            system.open(Place::ROOT, &path, opening(letters, mode))?.to_string()
        }
        "dup" => system.duplicate(words.number())?.to_string(),
        "close" => system.close(words.number()).map(|()| none)?,
        "renumber" => system.renumber(words.number(), words.number()).map(|()| none)?,
        "read" | "pread" => {
            let (file, mut into) = (words.number(), vec![0xaa; words.number()]);
            let length = system.read(file, words.0.next().map(|word| word.parse().expect("a number")), &mut into)?;
            hex(&into[..length])
        }
        "write" | "pwrite" => {
            let (file, data) = (words.number(), words.bytes());
            system.write(file, words.0.next().map(|word| word.parse().expect("a number")), &data)?.to_string()
        }
        "seek" => {
            let (file, offset) = (words.number(), words.number());
            let whence = [Whence::Start, Whence::Here, Whence::End][words.number::<usize>()];
            system.seek(file, offset, whence)?.to_string()
        }
        "truncate" => system.truncate(words.number(), words.number()).map(|()| none)?,
        "allocate" => system.allocate(words.number(), words.number(), words.number()).map(|()| none)?,
        "fstat" => shown(system.stat_descriptor(words.number())?),
        "stat" => shown(system.stat(Place::ROOT, &words.bytes(), true)?),
        "lstat" => shown(system.stat(Place::ROOT, &words.bytes(), false)?),
        "mkdir" => {
            let (path, mode) = (words.bytes(), words.mode(0o777));
            system.make_directory(Place::ROOT, &path, mode).map(|()| none)?
        }
        "umask" => system.set_umask(words.number()).to_string(),
        "rmdir" => system.remove_directory(Place::ROOT, &words.bytes()).map(|()| none)?,
        "unlink" => system.unlink(Place::ROOT, &words.bytes()).map(|()| none)?,
        "rename" => {
            let (from, to) = (words.bytes(), words.bytes());
            system.rename((Place::ROOT, &from), (Place::ROOT, &to)).map(|()| none)?
        }
        "link" => {
            let (from, to) = (words.bytes(), words.bytes());
            system.link((Place::ROOT, &from), false, (Place::ROOT, &to)).map(|()| none)?
        }
        "symlink" => {
            let (target, path) = (words.bytes(), words.bytes());
            system.symlink(&target, Place::ROOT, &path).map(|()| none)?
        }
        "chmod" => {
            let (place, _) = system.stat(Place::ROOT, &words.bytes(), true)?;
            system.set_mode(place, words.number()).map(|()| none)?
        }
        "readlink" => hex(&system.read_link(Place::ROOT, &words.bytes())?),
        "times" => {
            let (path, accessed, modified) = (words.bytes(), Some(words.number()), Some(words.number()));
            system.set_times(Place::ROOT, &path, true, Times { accessed, modified }).map(|()| none)?
        }
        "list" => {
            let how = Opening { read: true, directory: true, ..Opening::default() };
            let file = system.open(Place::ROOT, &words.bytes(), how)?;
            let names = system.names(file, true)?.iter().map(|name| hex(&name.name)).collect::<Vec<_>>();
            system.close(file)?;
            names.join(" ")
        }
        "space" => {
            let (space, writable) = system.space(words.number())?;
            format!("{} {} {writable}", space.total, space.free)
        }
        "pack" => {
            let (path, data) = (words.bytes(), words.bytes());
            system.pack(&path, &data).map(|()| none)?
        }
        "world" => {
            system.set_world(words.number(), words.word() == "frozen");
            none
        }
        other => panic!("there is no operation {other:?}"),
    })
}

fn new_system(tree: Vec<u8>, blocks: Vec<u8>, pages: u64, bytes: u64) -> System {
    let limited = |bytes| Limited { bytes, most: pages };
    FileSystem::new(Stable::new(limited(tree), limited(blocks)), bytes)
}

fn main() {
    let mut system = new_system(Vec::new(), Vec::new(), u64::MAX / 2, 1 << 30);
    let mut out = std::io::stdout().lock();
    for line in std::io::stdin().lock().lines() {
        let line = line.expect("text");
        let mut words = Words(line.split_whitespace());
        let answer = match line.split_whitespace().next() {
            // `new PAGES BYTES`: nothing is kept; `upgrade PAGES BYTES`: what is in stable memory is kept.
            Some("new") => {
                words.word();
                system = new_system(Vec::new(), Vec::new(), words.number(), words.number());
                Ok(String::new())
            }
            Some("upgrade") => {
                words.word();
                let (tree, blocks) = system.into_stable().into_memories();
                system = new_system(tree.bytes, blocks.bytes, words.number(), words.number());
                Ok(String::new())
            }
            // `damage WHICH OFFSET BYTES`: writes into one of the memories.
            Some("damage") => {
                words.word();
                let (mut tree, mut blocks) = system.into_stable().into_memories();
                let memory = if words.word() == "tree" { &mut tree } else { &mut blocks };
                let (offset, data) = (words.number::<usize>(), words.bytes());
                let size = memory.bytes.len();
                if offset + data.len() <= size {
                    memory.bytes[offset..offset + data.len()].copy_from_slice(&data);
                }
                system = new_system(tree.bytes, blocks.bytes, tree.most, 1 << 30);
                Ok(size.to_string())
            }
            // `cut WHICH SIZE`: one of the memories ends earlier.
            Some("cut") => {
                words.word();
                let (mut tree, mut blocks) = system.into_stable().into_memories();
                let memory = if words.word() == "tree" { &mut tree } else { &mut blocks };
                memory.bytes.truncate(words.number());
                system = new_system(tree.bytes, blocks.bytes, tree.most, 1 << 30);
                Ok(String::new())
            }
            // `load TREE BLOCKS`: what is in stable memory; `dump`: the same as an answer.
            Some("load") => {
                words.word();
                system = new_system(words.bytes(), words.bytes(), u64::MAX / 2, 1 << 30);
                Ok(String::new())
            }
            Some("dump") => {
                let (tree, blocks) = system.into_stable().into_memories();
                let answer = format!("{} {}", hex(&tree.bytes), hex(&blocks.bytes));
                system = new_system(tree.bytes, blocks.bytes, tree.most, 1 << 30);
                Ok(answer)
            }
            Some("sizes") => {
                let (tree, blocks) = system.stable().sizes();
                Ok(format!("{tree} {blocks}"))
            }
            _ => obey(&mut system, &mut words),
        };
        match answer {
            Ok(text) => writeln!(out, "ok {text}"),
            Err(errno) => writeln!(out, "error {}", errno as u16),
        }
        .and_then(|()| out.flush())
        .expect("somebody reads the answers");
    }
}

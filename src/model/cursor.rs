//! Reads a table by the declarations of its keys: a value of the right kind, the default, or nothing.
//!
//! Values of the wrong kind were already reported by `shape`; here they read as absent. So a reader can go on with any
//! placeholder: no model is made while there are problems.

use super::fields::{Field, Kind, Need, Section, Tagged, number, span};
use super::problems::At;
use super::shape::join;
use super::tree::{Node, Value};
use super::words::Word;
use crate::units::{Bytes, Money, Span, Timestamp, Zone};

/// A table, with the declarations of its keys and its own path.
#[derive(Clone, Debug)]
pub(super) struct Cursor<'a> {
    pub node: &'a Node,
    pub path: String,
    fields: [&'static [Field]; 2],
}

impl<'a> Cursor<'a> {
    /// A table of a section.
    pub fn new(node: &'a Node, section: &'static Section, path: String) -> Cursor<'a> {
        Cursor { node, path, fields: [section.fields, &[]] }
    }

    /// A table whose tag says what keys it has; nothing where the tag is wrong.
    pub fn tagged(node: &'a Node, tagged: &'static Tagged, path: String) -> Option<(&'static str, Cursor<'a>)> {
        let tag = node.get(tagged.tag)?.text()?;
        let variant = tagged.variants.iter().find(|variant| variant.name == tag)?;
        Some((variant.name, Cursor { node, path, fields: [variant.fields, tagged.common] }))
    }

    /// The path of a key.
    pub fn key(&self, key: &str) -> String {
        join(&self.path, key)
    }

    /// The value of a key, of whatever kind.
    pub fn get(&self, key: &str) -> Option<&'a Node> {
        self.node.get(key)
    }

    /// What kind of value a key has.
    pub fn kind(&self, key: &str) -> Option<Kind> {
        self.field(key).map(|field| field.kind)
    }

    /// Where a key's value stands, or the table's own key where it is absent.
    pub fn at(&self, key: &str) -> At {
        self.get(key).map_or(self.node.key, |node| node.at)
    }

    fn field(&self, key: &str) -> Option<&'static Field> {
        let field = self.fields.iter().copied().flatten().find(|field| field.name == key);
        debug_assert!(field.is_some(), "{key} is not declared in {}", self.path);
        field
    }

    /// The value of a key, read from its node or from the text of its default.
    fn read<T>(
        &self,
        key: &str,
        value: fn(&'a Node) -> Option<T>,
        default: fn(&'static str) -> Option<T>,
    ) -> Option<T> {
        let field = self.field(key)?;
        match (self.get(key), field.need) {
            (Some(node), _) => field.kind.check(node).ok().and_then(|()| value(node)),
            (None, Need::Default(text)) => default(text),
            (None, _) => None,
        }
    }

    /// A text or a word.
    pub fn text(&self, key: &str) -> Option<&'a str> {
        self.read(key, Node::text, Some)
    }

    /// A word, or an empty text where it is wrong.
    pub fn word(&self, key: &str) -> &'a str {
        self.text(key).unwrap_or_default()
    }

    /// A word as the case that it stands for. A wrong one was already reported, and reads as the default.
    pub fn one<W: Word>(&self, key: &str) -> W {
        let field = self.field(key);
        debug_assert!(
            matches!(field.map(|field| field.kind), Some(Kind::OneOf(words)) if words.iter().all(|word| W::parse(word).is_some())),
            "{key} has words that stand for nothing"
        );
        let default = field.and_then(|field| if let Need::Default(word) = field.need { Some(word) } else { None });
        self.text(key).or(default).and_then(W::parse).unwrap_or(W::CASES[0])
    }

    /// Whether the word is the second of two.
    pub fn is_second(&self, key: &str, words: [&str; 2]) -> bool {
        debug_assert!(matches!(self.kind(key), Some(Kind::OneOf(own)) if own == words), "{key} has other words");
        self.text(key) == Some(words[1])
    }

    /// A boolean.
    pub fn flag(&self, key: &str) -> bool {
        let value = |node: &Node| if let Value::Bool(value) = node.value { Some(value) } else { None };
        self.read(key, value, |text| text.parse().ok()).unwrap_or_default()
    }

    /// A whole number; nothing for a word that stands in its place.
    pub fn whole(&self, key: &str) -> Option<u64> {
        let value = |node: &Node| if let Value::Whole(value) = node.value { u64::try_from(value).ok() } else { None };
        self.read(key, value, |text| text.parse().ok())
    }

    /// A whole number under 2³².
    pub fn count(&self, key: &str) -> Option<u32> {
        self.whole(key).and_then(|number| u32::try_from(number).ok())
    }

    /// A whole number that may be negative.
    pub fn signed(&self, key: &str) -> Option<i32> {
        let value = |node: &Node| if let Value::Whole(value) = node.value { i32::try_from(value).ok() } else { None };
        self.read(key, value, |text| text.parse().ok())
    }

    /// A number.
    pub fn number(&self, key: &str) -> Option<f64> {
        self.read(key, number, |text| text.parse().ok())
    }

    /// An amount of money.
    pub fn money(&self, key: &str) -> Money {
        self.number(key).and_then(|dollars| Money::usd(dollars).ok()).unwrap_or_default()
    }

    /// A duration.
    pub fn span(&self, key: &str) -> Option<Span> {
        self.read(key, |node| span(node).ok(), |text| Span::parse(text).ok())
    }

    /// A size.
    pub fn size(&self, key: &str) -> Option<Bytes> {
        self.read(key, |node| Bytes::parse(node.text()?).ok(), |text| Bytes::parse(text).ok())
    }

    /// A time zone.
    pub fn zone(&self, key: &str) -> Zone {
        self.read(key, |node| Zone::parse(node.text()?).ok(), |text| Zone::parse(text).ok()).unwrap_or(Zone::UTC)
    }

    /// A date.
    pub fn date(&self, key: &str) -> Option<Timestamp> {
        let value = |node: &Node| match &node.value {
            Value::Text(text) | Value::Date(text) => Timestamp::parse(text).ok(),
            _ => None,
        };
        self.read(key, value, |text| Timestamp::parse(text).ok())
    }

    /// The table under a key.
    pub fn table(&self, key: &str) -> Option<Cursor<'a>> {
        match (self.field(key)?.kind, self.get(key)?) {
            (Kind::Table(section), node) if node.table().is_some() => Some(Cursor::new(node, section, self.key(key))),
            _ => None,
        }
    }

    /// The table under a key, or those in the list under it.
    pub fn one_or_more(&self, key: &str) -> Vec<Cursor<'a>> {
        let (Some(Kind::OneOrMore(section)), Some(node)) = (self.kind(key), self.get(key)) else { return Vec::new() };
        let path = self.key(key);
        match &node.value {
            Value::Table(_) => vec![Cursor::new(node, section, path)],
            Value::List(list) => {
                let tables = list.iter().enumerate().filter(|(_, item)| item.table().is_some());
                tables.map(|(i, item)| Cursor::new(item, section, join(&path, &super::shape::entry(item, i)))).collect()
            }
            _ => Vec::new(),
        }
    }

    /// A section that the model does not have, so that its keys read as their defaults.
    pub fn absent(&self, key: &str, empty: &'a Node) -> Option<Cursor<'a>> {
        match self.field(key)?.kind {
            Kind::Table(section) => Some(Cursor::new(empty, section, self.key(key))),
            _ => None,
        }
    }

    /// The tables under a key by their names, in alphabetical order.
    pub fn named(&self, key: &str) -> Vec<(&'a str, Cursor<'a>)> {
        let (Some(field), Some(table)) = (self.field(key), self.get(key).and_then(Node::table)) else {
            return Vec::new();
        };
        let (Kind::Named(Kind::Table(section)) | Kind::Metrics(Kind::Table(section))) = field.kind else {
            return Vec::new();
        };
        let path = self.key(key);
        let tables = table.iter().filter(|(_, node)| node.table().is_some());
        tables.map(|(name, node)| (name.as_str(), Cursor::new(node, section, join(&path, name)))).collect()
    }

    /// The entries of the list under a key.
    pub fn items(&self, key: &str) -> &'a [Node] {
        match self.get(key).map(|node| &node.value) {
            Some(Value::List(list)) => list,
            _ => &[],
        }
    }

    /// The tables in the list under a key.
    pub fn tables(&self, key: &str) -> Vec<Cursor<'a>> {
        let Some(Kind::List(Kind::Table(section), _)) = self.field(key).map(|field| field.kind) else {
            return Vec::new();
        };
        let path = self.key(key);
        let items = self.items(key).iter().enumerate().filter(|(_, node)| node.table().is_some());
        items.map(|(i, node)| Cursor::new(node, section, join(&path, &super::shape::entry(node, i)))).collect()
    }
}

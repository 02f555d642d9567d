//! Where plans run and where readers are.

use crate::model::Model;

/// The number of each class's region and of each reader's, among all that the model names.
pub(crate) fn regions(model: &Model) -> (Vec<u16>, Vec<u16>) {
    let of_classes = model.classes.iter().map(|class| &class.region);
    let of_readers = model.readers.iter().map(|reader| &reader.region);
    let mut names: Vec<&String> = of_classes.clone().collect();
    names.extend(of_readers.clone());
    names.sort();
    names.dedup();
    let number = |region: &String| names.binary_search(&region).unwrap_or(0) as u16;
    (of_classes.map(number).collect(), of_readers.map(number).collect())
}

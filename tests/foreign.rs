//! Messages show lines of models, traces and measured data, and of nothing else: a model that names another's file does
//! not bring it to light.

use crate::outputs::{capsim, inputs, stderr};
use std::fs;
use std::path::Path;
use std::process::Output;

/// Texts as they lie about on a machine; each word with `SECRET` in it must stay there.
const FOREIGN: [(&str, &str); 8] = [
    ("passwd", "root:SECRET:0:0:root:/root:/bin/bash\ndaemon:SECRET:1:1::/:/bin/false\n"),
    ("os-release", "NAME=\"SECRET one\"\nVERSION=\"SECRET two\"\nnumber = 7\n[section]\nSECRET = true\n"),
    ("env", "TOKEN=SECRET-abc\nexport KEY=SECRET\n"),
    ("json", "{\"token\": \"SECRET\"}\n"),
    ("pretty.json", "{\n  \"token\": \"SECRET\"\n}\n"),
    ("yaml", "token: SECRET\nother:\n  - SECRET\n"),
    ("csv", "SECRET-1:x,SECRET 2:y\n1,2\n"),
    ("binary", "\u{1}\u{2}SECRET\u{0}\n"),
];

fn silent(output: &Output, codes: &[i32], what: &str) {
    let said = stderr(output) + &String::from_utf8_lossy(&output.stdout);
    assert!(!said.contains("SECRET"), "{what}: {said}");
    assert!(output.status.code().is_some_and(|code| codes.contains(&code)), "{what}: {said}");
    assert!(!said.trim().is_empty(), "{what}: without a word");
}

/// The model with one of its files replaced by another.
fn naming(here: &Path, key: &str, file: &str) {
    let model = fs::read_to_string(here.join("m.toml")).unwrap();
    let text = match key {
        "base" => model.replace("base.toml", file),
        "trace" => model.replace("t.jsonl", file),
        _ => format!("{model}[provider.q]\nlatency = {{ dist = \"empirical\", file = \"{file}\" }}\n"),
    };
    fs::write(here.join("other.toml"), text).unwrap();
}

#[test]
fn no_word_of_a_foreign_file_is_shown() {
    let (folder, elsewhere) = (inputs(), tempfile::tempdir().unwrap());
    let here = folder.path();
    for (name, text) in FOREIGN {
        for directory in [here, elsewhere.path()] {
            let path = directory.join(name);
            fs::write(&path, text).unwrap();
            for key in ["base", "trace", "law"] {
                naming(here, key, path.to_str().unwrap());
                silent(&capsim(here, "validate other.toml"), &[20], &format!("{key}: {name}"));
                silent(&capsim(here, "run other.toml"), &[20], &format!("{key}: {name}"));
            }
            silent(&capsim(here, &format!("run {}", path.display())), &[20], name);
            silent(&capsim(here, &format!("fit {}", path.display())), &[20], name);
            silent(&capsim(here, &format!("check m.toml --baseline {}", path.display())), &[13], name);
        }
    }
}

/// Of what format it seems to be is said all the same.
#[test]
fn a_foreign_format_is_named() {
    let folder = inputs();
    for (name, format) in
        [("yaml", "looks like YAML"), ("json", "looks like JSON"), ("binary", "looks like binary data")]
    {
        let text = FOREIGN.iter().find(|(known, _)| *known == name).unwrap().1;
        fs::write(folder.path().join(name), text).unwrap();
        let output = capsim(folder.path(), &format!("validate {name}"));
        assert!(stderr(&output).contains(format), "{}", stderr(&output));
        silent(&output, &[20], name);
    }
}

/// Outside of the directory of the model nothing is shown even of what looks like a model or a trace.
#[test]
#[cfg(unix)]
fn what_lies_outside_is_used_and_never_shown() {
    let (folder, elsewhere) = (inputs(), tempfile::tempdir().unwrap());
    let here = folder.path();
    let there = elsewhere.path();
    let trace = fs::read_to_string(here.join("t.jsonl")).unwrap();
    let base = fs::read_to_string(here.join("base.toml")).unwrap();
    for (key, file, good, bad) in [
        ("base", "b.toml", base.clone(), format!("{base}[queue.SECRET]\nSECRET = \"SECRET\"\n")),
        ("trace", "t.jsonl", trace.clone(), format!("{trace}{{\"at_s\": \"SECRET\", \"calls\": 1}}\n")),
        ("law", "l.txt", "1\n2\n".into(), "1\nSECRET\n".into()),
    ] {
        let outside = there.join(file);
        std::os::unix::fs::symlink(&outside, here.join(format!("link-{file}"))).unwrap();
        for name in [outside.to_str().unwrap().to_string(), format!("link-{file}")] {
            let own = |text: &str| text.replace("l.txt", here.join("l.txt").to_str().unwrap());
            fs::write(&outside, own(&good)).unwrap();
            naming(here, key, &name);
            let output = capsim(here, "validate other.toml");
            assert_eq!(output.status.code(), Some(0), "{key} {name}: {}", stderr(&output));
            fs::write(&outside, own(&bad)).unwrap();
            let output = capsim(here, "validate other.toml");
            silent(&output, &[20], &format!("{key} {name}"));
            assert!(stderr(&output).contains("outside the model's directory"), "{}", stderr(&output));
        }
        // Beside the model it is shown.
        fs::write(here.join("mine"), bad).unwrap();
        naming(here, key, "mine");
        let output = capsim(here, "validate other.toml");
        assert!(output.status.code() == Some(20) && stderr(&output).contains("SECRET"), "{key}: {}", stderr(&output));
    }
}

/// A model of one's own is shown with its mistake, also where it is no TOML.
#[test]
fn a_model_that_parses_up_to_there_is_shown() {
    let folder = inputs();
    let here = folder.path();
    for text in ["[run]\nhorizon = 3 days\n", "[queue.ai]\nmax_concurency = 4\n", "name = \"x\"\n[run\n"] {
        fs::write(here.join("bad.toml"), text).unwrap();
        let output = capsim(here, "validate bad.toml");
        let wrong = text.lines().nth(1).unwrap();
        assert!(stderr(&output).contains(wrong), "{}", stderr(&output));
    }
    fs::write(here.join("bad.csv"), "id,latency\n1,2.5s\n2,much\n").unwrap();
    assert!(stderr(&capsim(here, "fit bad.csv")).contains("2,much"));
    fs::write(here.join("bad.csv"), "id,latensy\n1,2.5s\n").unwrap();
    assert!(stderr(&capsim(here, "fit bad.csv")).contains("found id, latensy"));
}

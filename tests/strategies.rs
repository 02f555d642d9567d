//! `docs/strategies.md` is what the program prints.

use std::path::Path;
use std::process::Command;

const PAGE: &str = "docs/strategies.md";

#[test]
fn the_page_of_the_strategies_is_up_to_date() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let program = Command::new(env!("CARGO_BIN_EXE_capsim"))
        .current_dir(root)
        .args(["strategies", "--compare", "models/base/plans.toml", "--format", "markdown"])
        .output()
        .unwrap();
    assert!(program.status.success(), "{}", String::from_utf8_lossy(&program.stderr));
    let made = "<!-- Made by `capsim strategies --compare models/base/plans.toml --format markdown`. -->\n\n";
    let page = made.to_string() + &String::from_utf8(program.stdout).unwrap();
    if std::env::var_os("CAPSIM_BLESS").is_some() {
        std::fs::write(root.join(PAGE), &page).unwrap();
    }
    let kept = std::fs::read_to_string(root.join(PAGE)).unwrap_or_default();
    let kept = kept.replace("\r\n", "\n");
    assert!(kept == page, "{PAGE} is behind: CAPSIM_BLESS=1 cargo test --test all strategies");
}

#[test]
fn the_page_shows_what_strategies_are_chosen_by() {
    let page = std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(PAGE)).unwrap();
    let row = |section: &str, strategy: &str| {
        let from = page.find(&format!("## On {section}\n")).unwrap();
        let line = page[from..].lines().find(|line| line.starts_with(&format!("| `{strategy}` |"))).unwrap();
        line.split('|').map(|cell| cell.trim().to_string()).collect::<Vec<_>>()
    };
    let kv = row("cloudflare-free", "kv-only");
    assert_eq!((kv[4].as_str(), kv[5].as_str()), ("`kv.quota.writes`", "27"), "{kv:?}");
    let cache = row("cloudflare-free", "cache-only");
    assert_eq!((cache[3].as_str(), cache[4].as_str()), ("54 of 50", "`invocation.subrequests.external`"), "{cache:?}");
    assert_ne!(row("cloudflare-paid", "cache-only")[4], cache[4], "there is room on the paid plan");
}

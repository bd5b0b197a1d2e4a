//! The commands beside `run`: version, help, completions.

mod common;

use common::Place;

#[test]
fn the_version_is_told() {
    let place = Place::new();
    let version = env!("CARGO_PKG_VERSION");
    place.b8g(&["--version"]).code(0).stdout(&format!("b8g {version}\n"));
    let ended = place.b8g(&["version"]);
    assert!(ended.code(0).stdout.starts_with(&format!("b8g {version} (wasmtime 48.0.8, ")), "{ended:?}");
    let ended = place.b8g(&["version", "--json"]);
    let value: serde_json::Value = serde_json::from_str(&ended.code(0).stdout).unwrap();
    assert_eq!(value["version"], version);
    assert_eq!(value["engine"], serde_json::json!({"name": "wasmtime", "version": "48.0.8"}));
    assert!(["signal", "epoch"].contains(&value["interrupt"].as_str().unwrap()));
    assert_eq!(value["interrupt_run"], "exit");
    assert_eq!(value["javascript"]["blake3"].as_str().unwrap().len(), 64);
    assert!(value["cache"].as_str().unwrap().ends_with("/b8g"));
    assert!(value["target"].as_str().unwrap().contains(std::env::consts::ARCH));
}

#[test]
fn every_command_has_help_with_examples() {
    let place = Place::new();
    for line in [
        &["--help"][..],
        &["run", "--help"],
        &["watch", "--help"],
        &["version", "--help"],
        &["completions", "-h"],
        &["help", "run"],
    ] {
        let ended = place.b8g(line);
        assert!(ended.code(0).stdout.contains("Examples:\n  b8g "), "{line:?} {ended:?}");
        ended.stderr("");
    }
}

#[test]
fn every_shell_gets_completions() {
    let place = Place::new();
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        let ended = place.b8g(&["completions", shell]);
        assert!(ended.code(0).stdout.contains("allow-read"), "{shell}");
    }
    // Bash itself reads its script, where there is one.
    let script = place.b8g(&["completions", "bash"]).stdout;
    match std::process::Command::new("bash").args(["-n", "-c", &script]).status() {
        Ok(status) => assert!(status.success()),
        Err(error) => println!("skipped: no bash here ({error})"),
    }
}

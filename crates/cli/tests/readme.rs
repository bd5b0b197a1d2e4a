//! The tours of the README and of the examples, run as they stand there.

use std::path::Path;
use std::process::{Command, Stdio};

const TOURS: [&str; 2] =
    [include_str!("../../../README.md"), include_str!("../../../examples/programs/README.md")];

/// A command of the tour and what it prints, stdout and stderr together; a line `…` stands for any lines.
struct Step {
    command: String,
    expected: Vec<String>,
}

fn steps(tour: &str) -> Vec<Step> {
    let mut steps: Vec<Step> = Vec::new();
    for block in tour.split("```console\n").skip(1) {
        for line in block.split("```").next().unwrap().lines() {
            match line.strip_prefix("$ ") {
                Some(command) => steps.push(Step { command: command.to_owned(), expected: Vec::new() }),
                None => steps.last_mut().unwrap().expected.push(line.to_owned()),
            }
        }
    }
    steps
}

fn matches(expected: &[String], got: &[&str]) -> bool {
    match (expected, got) {
        ([], []) => true,
        ([any, rest @ ..], _) if any == "…" => (0..=got.len()).any(|n| matches(rest, &got[n..])),
        ([want, rest @ ..], [line, more @ ..]) => want == line && matches(rest, more),
        _ => false,
    }
}

#[test]
fn the_tour_is_true() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let binary = Path::new(env!("CARGO_BIN_EXE_b8g")).parent().unwrap();
    let path = std::env::join_paths([binary, Path::new("/usr/bin"), Path::new("/bin")]).unwrap();
    let steps: Vec<Step> = TOURS.iter().flat_map(|tour| steps(tour)).collect();
    assert!(steps.len() >= 16, "the tour has {} steps", steps.len());
    // Built once for all tests, with whatever interpreter has pip here.
    let components = Path::new(env!("CARGO_TARGET_TMPDIR")).join("components");
    let python = std::env::split_paths(&std::env::var_os("PATH").unwrap_or_default())
        .map(|directory| directory.join("python3"))
        .find(|file| file.is_file());
    let mut code = 0;
    for step in steps {
        let command = step.command.replace("$?", &code.to_string());
        let output = Command::new("sh")
            .args(["-c", &format!("{{ {command}; }} 2>&1")])
            .current_dir(&root)
            .env("PATH", &path)
            .env("LANG", "C.UTF-8")
            .env("B8G_COMPONENTS", &components)
            .envs(python.iter().map(|python| ("B8G_PYTHON", python)))
            .stdin(Stdio::null())
            .output()
            .unwrap();
        code = output.status.code().unwrap_or(-1);
        let text = String::from_utf8(output.stdout).unwrap();
        let got: Vec<&str> = text.lines().collect();
        assert!(matches(&step.expected, &got), "$ {command}\nexpected {:#?}\ngot {got:#?}", step.expected);
    }
}

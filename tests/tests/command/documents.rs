//! Help, manual pages and completions, which are all made of one definition.

use std::collections::BTreeSet;
use std::process::Command;

use super::program::{World, end, end_with_input, printed};

#[test]
fn every_flag_is_in_the_help_the_manual_and_the_completions() {
    let Some(world) = World::new() else { return };
    let completions = world.prints(&["completions", "bash"]);
    let fish = world.prints(&["completions", "fish"]);
    let pages = world.home.path("pages");
    std::fs::create_dir(&pages).unwrap();
    world.prints(&["man", "--to", pages.to_str().unwrap()]);
    let commands = commands(&world.prints(&["--help"]));
    assert!(commands.len() >= 17, "{commands:?}");
    for command in &commands {
        let help = world.prints(&[command, "--help"]);
        let page = std::fs::read_to_string(pages.join(format!("sts-{command}.1"))).unwrap();
        assert_eq!(world.prints(&["man", command]), page, "{command}");
        if ["export", "exec", "verify"].contains(&command.as_str()) {
            assert!(page.contains("Exit status"), "{command}: {page}");
        }
        let flags = flags(&help);
        assert!(flags.contains("--profile") && flags.contains("--help"), "{command}: {flags:?}");
        for flag in flags {
            assert!(page.contains(&flag.replace('-', "\\-")), "{flag} in the manual of {command}");
            assert!(completions.contains(&flag), "{flag} of {command} in bash");
            let name = flag.trim_start_matches('-');
            assert!(
                fish.contains(&format!("subcommand {command}")) && fish.contains(&format!("-l {name}")),
                "{flag}"
            );
        }
    }
}

#[test]
fn help_of_a_command_is_its_help() {
    let Some(world) = World::new() else { return };
    assert_eq!(world.prints(&["help"]), world.prints(&["--help"]));
    for command in commands(&world.prints(&["--help"])) {
        assert_eq!(world.prints(&["help", &command]), world.prints(&[&command, "--help"]), "{command}");
    }
    for (command, below) in [("proof", "vault"), ("token", "rds")] {
        let help = world.prints(&[command, below, "--help"]);
        assert_eq!(world.prints(&["help", command, below]), help);
        assert_eq!(world.prints(&[command, "help", below]), help);
    }
    let (status, told, errors) = end(world.sts(&["help", "whoam"]));
    assert_eq!((status, told.as_str()), (Some(2), ""), "{errors}");
    assert!(errors.contains("whoam"), "{errors}");
}

#[test]
fn completions_are_read_by_their_shells() {
    let Some(world) = World::new() else { return };
    for (name, shell, flags) in
        [("bash", "bash", ["-n"]), ("zsh", "zsh", ["-n"]), ("fish", "fish", ["--no-execute"])]
    {
        let script = world.prints(&["completions", name]);
        assert!(script.contains("whoami"), "{name}");
        if Command::new(shell).args(["-c", "exit"]).output().is_err() {
            println!("{shell} is not here");
            continue;
        }
        let file = world.home.write(&format!("completions.{name}"), script);
        let mut command = Command::new(shell);
        command.args(flags).arg(file);
        assert_eq!(printed(command), "", "{name}");
    }
    // What the shell offers.
    let script = format!(
        "eval \"$('{}' completions bash)\"; COMP_WORDS=(sts expo) COMP_CWORD=1; _sts sts expo sts; echo \"${{COMPREPLY[@]}}\"",
        world.path().display()
    );
    let (status, offered, errors) = end_with_input(Command::new("bash"), &script);
    assert_eq!((status, offered.trim()), (Some(0), "export"), "{errors}");
}

fn commands(help: &str) -> Vec<String> {
    let list = help.split("Commands:\n").nth(1).unwrap().split("\n\n").next().unwrap();
    let names = list.lines().filter_map(|line| line.split_whitespace().next());
    names.filter(|name| *name != "help").map(str::to_owned).collect()
}

fn flags(help: &str) -> BTreeSet<String> {
    let words = help.split(|char: char| char.is_whitespace() || ",[]()".contains(char));
    let flags = words.filter(|word| word.starts_with("--") && word.len() > 2);
    flags.map(|flag| flag.trim_end_matches(['.', '\'', ';', ':']).to_owned()).collect()
}

//! Fleets about which too much or too little was said: what `fleet` says of each, in text, in JSON and
//! by its exit status. `fleet/several`, `fleet/problems` and `fleet/report` have the rows and sentences.

use bindnet_tests::{cluster, folder, ip_json};

use cluster::{fleet, json_of};
use folder::Folder;
use ip_json::ip_json;
use serde_json::Value;

/// The exit status, the text and the JSON about nodes `a`, `b` and on.
fn judge(args: &[&str], hosts: &[&str]) -> (i32, String, Value) {
    let nodes = ('a'..).zip(hosts);
    let folder = nodes.fold(Folder::new(), |folder, (name, host)| {
        folder.with(format!("{name}.json"), ip_json(host))
    });
    let args = [args, &["--dir", folder.path()]].concat();
    let text = fleet(&args);
    assert_eq!(text.stderr, "");
    let json = fleet([&args[..], &["--json"]].concat());
    assert_eq!(text.status, json.status);
    (text.status, text.stdout, json_of(&json))
}

/// The problems as `held-by-several 10.8.52.200 a b`.
fn problems(json: &Value) -> Vec<String> {
    let problems = json["problems"].as_array().unwrap().iter();
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let line = |problem: &Value| {
        let nodes = problem["nodes"].as_array().unwrap().iter().map(text);
        let words = [&problem["code"], &problem["address"]].map(text);
        words.into_iter().chain(nodes).collect::<Vec<_>>().join(" ")
    };
    problems.map(line).collect()
}

#[test]
fn two_nodes_have_one_unlabelled_vip() {
    for vip in ["10.8.52.200", "10.8.52.3"] {
        let hosts =
            ["10.8.52.1", "10.8.52.2"].map(|own| format!("eth0 {own}/24; eth0 {vip}/24 secondary"));
        let hosts = hosts.each_ref().map(String::as_str);
        let (status, text, json) = judge(&["10.8.52.0"], &hosts);
        assert_eq!(status, 1);
        let expected = [
            format!("held-by-several {vip} a b"),
            "ambiguous 10.8.52.1 a".to_owned(),
            "ambiguous 10.8.52.2 b".to_owned(),
        ];
        assert_eq!(problems(&json), expected);
        let line = format!(
            "\nheld-by-several: {vip}, in the network asked for, is on a (eth0) and b (eth0) at once: \
             leave it to one of them, and declare it (--floating {vip}) if it is a cluster address.\n"
        );
        assert!(text.contains(&line), "{text}");
        let (_, _, json) = judge(&["10.8.52.0", "--floating", vip], &hosts);
        assert_eq!(
            problems(&json),
            [format!("floating-on-several-nodes {vip} a b")]
        );
    }
}

#[test]
fn the_network_that_was_named_has_all_nodes() {
    let hosts = ["eth0 10.0.0.2/31", "eth0 10.7.0.2/31", "eth0 10.9.9.4/31"];
    let (status, text, json) = judge(&["10.0.0.0/8"], &hosts);
    assert_eq!((status, problems(&json)), (0, vec![]));
    let first = "3 nodes agree: each chose an address of its own in 10.0.0.0/8.\n";
    assert!(text.starts_with(first), "{text}");
}

/// One configuration for the racks of a stretched cluster.
#[test]
fn one_list_is_asked_on_every_rack() {
    let racks = "10.0.1.0/24,10.0.2.0/24";
    let hosts = ["eth0 10.0.1.10/24", "eth0 10.0.2.10/24"];
    let (status, text, json) = judge(&["--strict", racks], &hosts);
    assert_eq!((status, problems(&json)), (0, vec![]));
    assert_eq!(json["bindnetaddr"], racks);
    let chosen = ["10.0.1.10", "10.0.2.10"];
    for (node, ip) in json["nodes"].as_array().unwrap().iter().zip(chosen) {
        assert_eq!(node["decision"]["chosen"]["address"], ip);
        assert_eq!(node["decision"]["ambiguous"], false);
    }
    let first = format!("2 nodes agree: each chose an address of its own in {racks}.\n");
    assert!(text.starts_with(&first), "{text}");
    let (status, _, json) = judge(&[racks], &["eth0 10.0.1.10/24", "eth0 10.0.3.10/24"]);
    assert_eq!(status, 1);
    assert_eq!(json["problems"][0]["code"], "no-choice");
}

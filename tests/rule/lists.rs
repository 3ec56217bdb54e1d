//! Lists of networks: what is read, and what is said of one that is none.

use bindnet::BindnetAddr;
use bindnet::rule::{ScopedAddr, parse_net};

use crate::parse::says;

#[test]
fn lists_of_networks() {
    let racks: BindnetAddr = "192.168.1.0/24,192.168.2.0/24".parse().unwrap();
    assert_eq!(racks.ip().to_string(), "192.168.1.0");
    assert_eq!((racks.network(), racks.networks().len()), (None, 2));
    assert!(racks.contains("192.168.2.7".parse().unwrap()));
    assert!(!racks.contains("192.168.3.7".parse().unwrap()));

    says(
        "192.168.1.0/24,",
        &["entry 2, \"\": nothing", "192.168.1.0/24"],
    );
    says(",192.168.1.0/24", &["entry 1, \"\": nothing"]);
    says(",", &["entry 1"]);
    says(
        "192.168.1.0/24, 192.168.2.0/24",
        &["white space", "nothing but a comma"],
    );
    says(
        "192.168.1.0/24,192.168.2.10",
        &[
            "entry 2, \"192.168.2.10\"",
            "192.168.2.0/24",
            "192.168.2.10/32",
        ],
    );
    says(
        "fd00::,fd00:1::/64",
        &["entry 1, \"fd00::\"", "fd00::/64", "fd00::/128"],
    );
    says(
        "192.168.1.0/24,192.168.2.10/24",
        &["write 192.168.2.10/32 or 192.168.2.0/24"],
    );
    says(
        "192.168.1.0/24,fd00::/64",
        &["entry 2", "IPv6", "IPv4", "each alone"],
    );
    says(
        "192.168.1.0/24,192.168.2.0/33",
        &["entry 2", "\"33\"", "0 to 32"],
    );
    says(
        "192.168.1.0/24,192.168.010.0/24",
        &["entry 2", "leading zero"],
    );
    says(
        "192.168.1.0/24,node1",
        &["entry 2, \"node1\"", "names are not resolved"],
    );
    says(
        "0.0.0.0,10.0.0.0/8",
        &["entry 1, \"0.0.0.0\"", "no prefix length"],
    );
    for text in ["fd00::/64,fe80::%eth0/64", "fe80::%eth0/64,fe80::%eth1/64"] {
        says(
            text,
            &[
                "a zone (%) has no place in a list",
                "restrict the interface",
            ],
        );
        assert!(text.parse::<BindnetAddr>().unwrap_err().wants_interface());
    }
    let many = |count| vec!["192.168.1.0/24"; count].join(",");
    assert_eq!(
        many(64).parse::<BindnetAddr>().unwrap().networks().len(),
        64
    );
    says(&many(65), &["65 networks", "room for 64"]);
    // Where one address is expected, a list is none.
    let list = "192.168.1.0/24,192.168.2.0/24";
    for message in [
        parse_net(list).map(drop),
        list.parse::<ScopedAddr>().map(drop),
    ] {
        let message = message.unwrap_err().to_string();
        assert!(message.contains("write one address"), "{message}");
    }
}

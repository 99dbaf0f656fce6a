//! Queries to start from: what the demo shows, and `.samples` lists.
//!
//! Over the fleet that `twindex generate` makes, each shows something that a hub cannot answer, or
//! not at once.

/// A query and what it tells.
#[derive(Debug)]
pub(crate) struct Sample {
    /// What is asked, in words.
    pub(crate) title: &'static str,
    /// The statement, without `;`.
    pub(crate) query: &'static str,
}

/// The samples in the order in which they are shown.
pub(crate) const SAMPLES: [Sample; 10] = [
    Sample {
        title: "pumps of one customer that report an error",
        query:
            "SELECT deviceId, tags.location.site, properties.reported.firmware.version AS firmware
FROM devices
WHERE tags.customer = 'aurora-foods' AND tags.deviceType = 'pump'
  AND properties.reported.status = 'error'
LIMIT 5",
    },
    Sample {
        title: "devices that never reported a firmware",
        query: "SELECT COUNT() AS n FROM devices
WHERE NOT IS_DEFINED(properties.reported.firmware.version)",
    },
    Sample {
        title: "what runs in production, most frequent first",
        query: "SELECT properties.reported.firmware.version AS firmware, COUNT() AS n
FROM devices
WHERE tags.env = 'prod'
GROUP BY properties.reported.firmware.version
ORDER BY n DESC
LIMIT 6",
    },
    Sample {
        title: "firmware that drifted from what was asked for, by region",
        query: "SELECT tags.location.region AS region, COUNT() AS drifted
FROM devices
WHERE properties.desired.firmware.version != properties.reported.firmware.version
GROUP BY tags.location.region
ORDER BY drifted DESC",
    },
    Sample {
        title: "signal in dBm by kind of connection: median, and the worst percent",
        query: "SELECT properties.reported.connectivity.type AS type, COUNT() AS n,
  PERCENTILE(properties.reported.connectivity.rssi, 0.5) AS median,
  PERCENTILE(properties.reported.connectivity.rssi, 0.01) AS worst
FROM devices
WHERE IS_NUMBER(properties.reported.connectivity.rssi)
GROUP BY properties.reported.connectivity.type",
    },
    Sample {
        title: "serial numbers that hold a text",
        query: "SELECT deviceId, properties.reported.serialNumber AS serial
FROM devices
WHERE CONTAINS(properties.reported.serialNumber, 'C0FE')
LIMIT 5",
    },
    Sample {
        title: "the emptiest batteries in production",
        query: "SELECT deviceId, properties.reported.battery.level AS level, tags.owner
FROM devices
WHERE tags.env = 'prod' AND IS_DEFINED(properties.reported.battery.level)
ORDER BY level, deviceId
LIMIT 5",
    },
    Sample {
        title: "devices that do not do what they were told, by owner",
        query: "SELECT tags.owner AS owner, COUNT() AS n FROM devices
WHERE NOT IN_SYNC() AND connectionState = 'Connected'
GROUP BY tags.owner
ORDER BY n DESC
LIMIT 5",
    },
    Sample {
        title: "silent since the beginning of December",
        query: "SELECT COUNT() AS n FROM devices
WHERE connectionState = 'Disconnected'
  AND TIME(lastActivityTime) < TIME('2025-12-01T00:00:00Z')",
    },
    Sample {
        title: "modules that failed, by what they are",
        query: "SELECT moduleId, properties.reported.lastDesiredStatus.code AS code, COUNT() AS n
FROM devices.modules
WHERE properties.reported.lastDesiredStatus.code >= 400
GROUP BY moduleId, properties.reported.lastDesiredStatus.code
ORDER BY n DESC
LIMIT 5",
    },
];

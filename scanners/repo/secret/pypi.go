package secret

import (
	"encoding/binary"
	"encoding/json"
	"time"
)

// describePyPI reads the open part of a PyPI token: a macaroon (version 2,
// github.com/rescrv/libmacaroons) whose identifier and caveats anyone may read
// and whose signature alone is secret.
func describePyPI(info *Info, text string) {
	raw, ok := decodeBase64([]byte(text))
	if !ok || len(raw) == 0 || raw[0] != 2 {
		return
	}
	raw = raw[1:]
	const (
		location   = 1
		identifier = 2
	)
	for caveats := false; len(raw) > 0; {
		field := raw[0]
		if raw = raw[1:]; field == 0 {
			if len(raw) == 0 || raw[0] == 0 {
				return
			}
			caveats = true
			continue
		}
		n, used := binary.Uvarint(raw)
		if used <= 0 || n > uint64(len(raw)-used) {
			return
		}
		value := raw[used : uint64(used)+n]
		raw = raw[uint64(used)+n:]
		switch {
		case field == location:
			info.set("host", string(value))
		case field == identifier && !caveats && isUUID(string(value)):
			info.PublicID = string(value)
		case field == identifier && caveats:
			describeCaveat(info, value)
		}
	}
}

// describeCaveat takes the end of a token from its expiry caveat, which is the
// list [0, expires at, not before] in seconds.
func describeCaveat(info *Info, caveat []byte) {
	var list []json.RawMessage
	if json.Unmarshal(caveat, &list) != nil || len(list) < 2 {
		return
	}
	if string(list[0]) == "0" {
		if end := claimTime(list[1]); !end.Equal(time.Time{}) {
			info.ExpiresAt = end
		}
	}
}

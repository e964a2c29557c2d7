package file

import (
	"crypto/sha256"
	"encoding/base64"
	"strconv"
	"strings"

	"github.com/muster-nhi/muster/scanners/repo/lazy"
)

var puttyHead = lazy.Regexp(`^PuTTY-User-Key-File-[123]: ([A-Za-z0-9@.-]{1,64})$`) //nolint:gochecknoglobals // a function, which nothing sets

// putty reads a private key of PuTTY (PuTTY manual, appendix "PPK file format"):
// its public half lies open even if a passphrase protects the other.
func putty(text string) []Found {
	lines := strings.Split(strings.TrimSpace(text), "\n")
	head := puttyHead().FindStringSubmatch(strings.TrimSpace(lines[0]))
	if head == nil {
		return nil
	}
	f := Found{Facts: map[string]string{"kind": head[1]}}
	for i := 1; i < len(lines); i++ {
		key, value, _ := strings.Cut(strings.TrimSpace(lines[i]), ": ")
		switch key {
		case "Encryption":
			if value != "none" {
				f.Form = Locked
			}
		case "Comment":
			f.Name = value
		case "Public-Lines", "Private-Lines":
			n, err := strconv.Atoi(value)
			if err != nil || n < 1 || n > len(lines)-i-1 {
				return nil
			}
			body := strings.Join(lines[i+1:i+1+n], "\n")
			if key == "Private-Lines" {
				f.Value, f.Line = body, i+2
				return []Found{f}
			}
			if blob, err := base64.StdEncoding.DecodeString(strings.ReplaceAll(body, "\n", "")); err == nil {
				sum := sha256.Sum256(blob)
				f.Facts["fingerprint"] = "SHA256:" + base64.RawStdEncoding.EncodeToString(sum[:])
			}
			i += n
		}
	}
	return nil
}

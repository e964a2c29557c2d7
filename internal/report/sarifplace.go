package report

import (
	"crypto/sha256"
	"encoding/hex"
	"path"
	"strings"

	"github.com/muster-nhi/muster/internal/inventory"
)

// sarifPlaces returns the locations of a finding: the first is what all
// consumers show, the others are related. A subject without a file gets a
// path of its own below .muster, for consumers refuse a result without one.
func sarifPlaces(f *inventory.Finding, limit int) (first sarifLocation, related []sarifLocation, omitted int) {
	_, native, _ := strings.Cut(f.Subject, ":")
	logical := []sarifLogicalLocation{{
		Name: clean(f.SubjectName), FullyQualifiedName: clean(native), Kind: "resource",
	}}
	list := realPlaces(f.Locations)
	if len(list) == 0 {
		uri := pseudoPath(f.Subject)
		return sarifLocation{
			Physical: sarifPhysical{Artifact: sarifArtifact{uri}, Region: sarifRegion{StartLine: 1, StartColumn: 1}},
			Logical:  logical,
		}, nil, 0
	}
	if limit > 0 && len(list) > limit {
		list, omitted = list[:limit], len(list)-limit
	}
	first = sarifLocation{Physical: physical(list[0]), Logical: logical}
	for i, l := range list[1:] {
		related = append(related, sarifLocation{
			ID: i + 1, Physical: physical(l), Message: &sarifText{Text: placeText(l)},
		})
	}
	return first, related, omitted
}

// realPlaces drops locations that name no file.
func realPlaces(list []inventory.Location) []inventory.Location {
	var out []inventory.Location
	for _, l := range list {
		if relativeURI(l.URI) != "" {
			out = append(out, l)
		}
	}
	return out
}

func physical(l inventory.Location) sarifPhysical {
	region := sarifRegion{StartLine: max(l.Line, 1)}
	if l.EndLine > region.StartLine {
		region.EndLine = l.EndLine
	}
	return sarifPhysical{Artifact: sarifArtifact{relativeURI(l.URI)}, Region: region}
}

func placeText(l inventory.Location) string {
	text := "also here"
	if l.Commit != "" {
		text += ", since commit " + clean(l.Commit[:min(12, len(l.Commit))])
	}
	if l.Via != "" {
		text += " (" + clean(l.Via) + ")"
	}
	return text
}

// relativeURI percent-encodes a path and keeps it inside the repository: no
// leading slash, no ".." that leaves it. Empty if nothing is left.
func relativeURI(p string) string {
	p = strings.TrimPrefix(path.Clean("/"+p), "/")
	if p == "" {
		return ""
	}
	segments := strings.Split(p, "/")
	for i, s := range segments {
		segments[i] = percent(s)
	}
	return strings.Join(segments, "/")
}

// pseudoPath turns a record id into a path of its own: .muster, the scanner,
// then the parts of the native id. The fixed parts of an ARN are dropped:
// aws:arn:aws:iam::111122223333:user/ci is .muster/aws/111122223333/iam/user/ci.
// Where a part had to be changed, a hash of the id keeps the path unique.
func pseudoPath(id string) string {
	scanner, native, _ := strings.Cut(id, ":")
	segments := []string{".muster"}
	changed := native == ""
	for _, s := range append([]string{scanner}, nativeParts(native)...) {
		if s == "" || s == "." || s == ".." {
			changed = true
			continue
		}
		segments = append(segments, percent(s))
	}
	if changed || len(segments) > 20 {
		sum := sha256.Sum256([]byte(id))
		segments = append(segments[:min(len(segments), 20)], hex.EncodeToString(sum[:6]))
	}
	return strings.Join(segments, "/")
}

// nativeParts splits a native id at colons and slashes. Of an ARN, the account
// comes before the service and the region only if there is one.
func nativeParts(native string) []string {
	arn := strings.SplitN(native, ":", 6)
	if len(arn) == 6 && arn[0] == "arn" && arn[1] == "aws" && arn[4] != "" && arn[2] != "" && arn[5] != "" {
		head := []string{arn[4], arn[2]}
		if arn[3] != "" {
			head = append(head, arn[3])
		}
		return append(head, splitID(arn[5])...)
	}
	return splitID(native)
}

// splitID splits at colons and slashes; empty parts stay, so that the caller
// sees them.
func splitID(s string) []string {
	return strings.Split(strings.ReplaceAll(s, ":", "/"), "/")
}

// percent encodes all bytes of a path segment but the unreserved characters of
// RFC 3986, section 2.3, and @.
func percent(s string) string {
	const digits = "0123456789ABCDEF"
	var b strings.Builder
	for i := range len(s) {
		c := s[i]
		if c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || strings.IndexByte("-._~@", c) >= 0 {
			b.WriteByte(c)
			continue
		}
		b.WriteByte('%')
		b.WriteByte(digits[c>>4])
		b.WriteByte(digits[c&15])
	}
	return b.String()
}

package export

import (
	"bufio"
	"bytes"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"regexp"
	"strings"
	"time"
	"unicode/utf16"

	"github.com/muster-nhi/muster/internal/inventory"
	"github.com/muster-nhi/muster/scanners/aws/object"
)

// maxWhole is the longest file that is held in memory as a whole: a credential
// report of 5,000 users, the most that an account may have, is 2 MB.
const maxWhole = 64 << 20

// file tells what a file is by its beginning, and reads it.
func (r *reader) file(name string, in io.Reader) {
	b := bufio.NewReaderSize(in, 64<<10)
	head, err := b.Peek(4096)
	if err != nil && !errors.Is(err, io.EOF) {
		r.lost(name, "cannot be read: "+cause(err))
		return
	}
	if bytes.HasPrefix(head, []byte("\xff\xfe")) || bytes.HasPrefix(head, []byte("\xfe\xff")) {
		text, err := wide(b)
		if err != nil {
			r.lost(name, "cannot be read: "+err.Error())
			return
		}
		b = bufio.NewReaderSize(strings.NewReader(text), 64<<10)
		head, _ = b.Peek(4096) // of a string: it ends where the string does
	}
	head = bytes.TrimPrefix(head, []byte("\xef\xbb\xbf"))
	text := bytes.TrimSpace(head)
	switch {
	case len(text) == 0:
		r.note(name, "is empty")
	case text[0] == '{' || text[0] == '[':
		r.json(name, b)
	case object.IsReport(head):
		r.whole(name, b, func(data []byte) { r.report(name, data, time.Time{}) })
	case bytes.HasPrefix(text, []byte(base64.StdEncoding.EncodeToString([]byte("user,arn,")))):
		r.whole(name, b, func(data []byte) { r.encodedReport(name, data) })
	case bytes.Contains(text[:min(len(text), 200)], []byte("An error occurred (")):
		r.refused(name, string(text))
	case bytes.HasPrefix(text, []byte("-----BEGIN ")):
		r.note(name, "holds a key or certificate and was not read; it does not belong here")
	default:
		r.unknown = append(r.unknown, name)
	}
}

// whole reads a file that must be in memory.
func (r *reader) whole(name string, in io.Reader, use func([]byte)) {
	data, err := io.ReadAll(io.LimitReader(in, maxWhole+1))
	switch {
	case err != nil:
		r.lost(name, "cannot be read: "+cause(err))
	case len(data) > maxWhole:
		r.lost(name, fmt.Sprintf("is a credential report of more than %d bytes and was not read", maxWhole))
	default:
		use(data)
	}
}

// wide reads UTF-16, which the shell of Windows writes.
func wide(in io.Reader) (string, error) {
	data, err := io.ReadAll(io.LimitReader(in, maxWhole+1))
	if err != nil {
		return "", errors.New(cause(err))
	}
	if len(data) > maxWhole {
		return "", fmt.Errorf("it is UTF-16 and longer than %d bytes; save it as UTF-8", maxWhole)
	}
	var order binary.ByteOrder = binary.LittleEndian
	if data[0] == 0xfe {
		order = binary.BigEndian
	}
	units := make([]uint16, 0, len(data)/2)
	for at := 2; at+1 < len(data); at += 2 {
		units = append(units, order.Uint16(data[at:]))
	}
	return string(utf16.Decode(units)), nil
}

// A savedReport is a credential report and where it came from.
type savedReport struct {
	name string
	made time.Time
	*object.Report
}

// encodedReport reads a report as the API returns it.
func (r *reader) encodedReport(name string, data []byte) {
	text, err := base64.StdEncoding.DecodeString(string(bytes.TrimSpace(data)))
	if err != nil && len(text) == 0 {
		r.lost(name, "is a credential report whose base64 is broken")
		return
	}
	r.report(name, text, time.Time{})
}

// report reads a credential report.
func (r *reader) report(name string, data []byte, made time.Time) {
	report, err := object.ParseReport(data)
	if err != nil {
		r.lost(name, err.Error())
		return
	}
	if len(report.Rows) == 0 || report.Account == "" {
		r.lost(name, "is a credential report without a row that can be read")
		return
	}
	a := r.account(report.Account, report.Partition)
	a.files++
	r.seen(name, report.Account)
	a.reports = append(a.reports, &savedReport{name, made, report})
	l := a.listing("iam:GetCredentialReport", "")
	l.pages++
	l.count = max(l.count, len(report.Rows))
	if len(report.Problems) > 0 {
		l.trouble = fmt.Sprintf("%s: %s", short(name, 200), short(strings.Join(report.Problems, "; "), 500))
	}
}

// refused reads what the command line said in place of an answer.
func (r *reader) refused(name, text string) {
	m := regexp.MustCompile(`An error occurred \(([A-Za-z0-9.]{1,80})\) when calling the ([A-Za-z0-9]{1,80}) operation`).FindStringSubmatch(text)
	if m == nil {
		r.unknown = append(r.unknown, name)
		return
	}
	c := r.calls.operationNamed(m[2], name)
	if c == nil {
		r.note(name, fmt.Sprintf("says that %s was refused (%s), which is not read anyway", m[2], m[1]))
		return
	}
	_, region := r.place(name)
	code := m[1]
	r.waiting = append(r.waiting, pending{name, region, func(a *account, region string) {
		if none(code) {
			a.listing(c.action, region).pages++
			return // the object has none, or the service is not used: an answer
		}
		l := a.listing(c.action, region)
		l.denied = l.denied || denied(code)
		l.trouble = fmt.Sprintf("%s: AWS refused it (%s)", short(name, 200), code)
	}})
}

// none reports whether an error of AWS says that there is nothing.
func none(code string) bool {
	switch strings.TrimSuffix(code, "Exception") {
	case "NoSuchEntity", "ResourceNotFound", "NoSuchBucketPolicy", "AWSOrganizationsNotInUse", "NotFound", "FeatureDisabled":
		return true
	}
	return false
}

// denied reports whether an error of AWS says that access was refused.
func denied(code string) bool {
	return strings.Contains(code, "Denied") || strings.Contains(code, "Unauthorized") || strings.Contains(code, "Forbidden") || code == "AuthFailure"
}

// settle gives what names no account to the account that its file belongs to.
func (r *reader) settle() {
	lost := map[string]bool{}
	for _, p := range r.waiting {
		id := r.owner(p.file)
		if id == "" {
			if !lost[p.file] {
				r.lost(p.file, "does not say which account it is of, and nothing beside it does: put the files of each account into a directory named by its id")
			}
			lost[p.file] = true
			continue
		}
		a := r.account(id, "")
		a.files++
		p.put(a, p.region)
	}
	r.waiting = nil
}

// yes is True for a true, False for a false, and unknown for none.
func yes(b *bool) inventory.Tri {
	if b == nil {
		return inventory.Unknown
	}
	return inventory.TriOf(*b)
}

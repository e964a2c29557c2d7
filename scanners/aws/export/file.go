package export

import (
	"bytes"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"regexp"
	"strings"
	"time"

	"github.com/muster-nhi/muster/internal/inventory"
	"github.com/muster-nhi/muster/internal/saved"
	"github.com/muster-nhi/muster/scanners/aws/object"
)

// maxReport is the longest credential report that is read: one of 5,000 users, the
// most that an account may have, is 2 MB.
const maxReport = 64 << 20

// file tells what a file is by its beginning, and reads it.
func (r *reader) file(name string, in io.Reader) {
	t, err := saved.Open(in, r.opts.MaxFile)
	if err != nil {
		r.lost(name, err.Error())
		return
	}
	switch {
	case len(t.Start) == 0:
		r.note(name, "is empty")
	case t.IsJSON():
		r.json(name, t)
	case object.IsReport(t.Head):
		r.whole(name, t, func(data []byte) { r.report(name, data, time.Time{}) })
	case bytes.HasPrefix(t.Start, []byte(base64.StdEncoding.EncodeToString([]byte("user,arn,")))):
		r.whole(name, t, func(data []byte) { r.encodedReport(name, data) })
	case bytes.Contains(t.Start[:min(len(t.Start), 200)], []byte("An error occurred (")):
		r.refused(name, string(t.Start))
	case t.IsKey():
		r.note(name, "holds a key or certificate and was not read; it does not belong here")
	default:
		r.unknown = append(r.unknown, name)
	}
}

// whole reads a file that must be in memory.
func (r *reader) whole(name string, in io.Reader, use func([]byte)) {
	data, err := saved.Whole(in, maxReport)
	switch {
	case errors.Is(err, saved.ErrLong):
		r.lost(name, fmt.Sprintf("is a credential report of more than %d bytes and was not read", maxReport))
	case err != nil:
		r.lost(name, "cannot be read: "+err.Error())
	default:
		use(data)
	}
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
		l.trouble = fmt.Sprintf("%s: %s", saved.Short(name, 200), saved.Short(strings.Join(report.Problems, "; "), 500))
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
		l.trouble = fmt.Sprintf("%s: AWS refused it (%s)", saved.Short(name, 200), code)
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

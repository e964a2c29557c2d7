package object

import (
	"bytes"
	"encoding/csv"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/muster-nhi/muster/internal/inventory"
)

// A Report is an IAM credential report, which has one row a user and one for the
// root user. It names no id of a key.
//
// Source: IAM User Guide, "Generate credential reports for your AWS account".
type Report struct {
	Account, Partition string // from the ARNs of its rows
	Rows               []ReportRow
	// Newest is the latest time that stands in it: it was made no earlier.
	Newest time.Time
	// Cut says that it ends in the middle of a row. One that ends between two rows
	// cannot be told from a whole one; Merge finds the users that it lacks.
	Cut bool
	// Problems say what could not be read, by line and column, without values.
	Problems []string
}

// A ReportRow is what the report says of one user.
type ReportRow struct {
	Root             bool
	User, ARN        string
	CreatedAt        time.Time
	Password         inventory.Tri
	PasswordLastUsed time.Time
	PasswordUse      inventory.Tri // TriFalse: never used since it is tracked
	PasswordChanged  time.Time
	MFA              inventory.Tri
	Keys             []AccessKey          // those that exist, without ids
	Signing          []SigningCertificate // those that exist, without ids
	Unclear          bool                 // whether a key exists could not be told
	More             bool                 // it has more keys or certificates than the report has columns for
}

// The days since which AWS tracks use: passwords since 20 October 2014, keys
// since 22 April 2015 (source as of Report).
func passwordsTracked() time.Time { return time.Date(2014, 10, 20, 0, 0, 0, 0, time.UTC) }

func keysTracked() time.Time { return time.Date(2015, 4, 22, 0, 0, 0, 0, time.UTC) }

// rootUser is the name of the row of the root user.
const rootUser = "<root_account>"

// maxReportProblems bounds the problems that are told one by one.
const maxReportProblems = 20

// ErrNoReport is returned for a text that is no credential report.
var ErrNoReport = errors.New("no credential report: the first line does not name its columns")

// ParseReport reads a credential report as CSV. It takes columns in any order and
// passes over those it does not know, as AWS adds some at the end; a byte order
// mark, quotes and semicolons, as spreadsheets write them, do no harm. A row or a
// field that cannot be read is told in Problems and costs nothing else. The error
// is ErrNoReport, or says which column is missing. Memory grows with the number of
// users.
func ParseReport(data []byte) (*Report, error) {
	p := reportParser{report: &Report{}}
	data = bytes.TrimPrefix(data, []byte("\xef\xbb\xbf"))
	line := 0
	for len(data) > 0 {
		text, rest, ended := bytes.Cut(data, []byte("\n"))
		data, line = rest, line+1
		text = bytes.TrimRight(text, "\r")
		if len(bytes.TrimSpace(text)) == 0 {
			continue
		}
		if p.columns == nil {
			if err := p.header(string(text)); err != nil {
				return nil, err
			}
			continue
		}
		p.last = !ended
		p.row(line, string(text))
	}
	if p.columns == nil {
		return nil, ErrNoReport
	}
	if p.more > 0 {
		p.report.Problems = append(p.report.Problems, fmt.Sprintf("%d problems more", p.more))
	}
	return p.report, nil
}

// IsReport reports whether a text begins as a credential report does.
func IsReport(data []byte) bool {
	data = bytes.TrimPrefix(data, []byte("\xef\xbb\xbf"))
	first, _, _ := bytes.Cut(data[:min(len(data), 4096)], []byte("\n"))
	var p reportParser
	err := p.header(strings.TrimRight(string(first), "\r"))
	return !errors.Is(err, ErrNoReport)
}

// A reportParser reads the lines of a report.
type reportParser struct {
	report  *Report
	comma   rune
	columns map[string]int
	width   int
	last    bool // the line has no end, so that it may be cut
	more    int
	line    int
	fields  []string
	seen    map[string]bool
}

// neededColumns are without which a row says nothing. The others only leave
// something unknown.
func neededColumns() []string { return []string{"user", "arn"} }

func (p *reportParser) header(text string) error {
	for _, comma := range []rune{',', ';', '\t'} {
		fields := splitRow(text, comma)
		columns := map[string]int{}
		for i, name := range fields {
			name = strings.ToLower(strings.TrimSpace(name))
			if _, twice := columns[name]; !twice {
				columns[name] = i
			}
		}
		if _, ok := columns["user"]; !ok || !hasAny(columns, "password_enabled", "mfa_active", "access_key_1_active", "user_creation_time") {
			continue
		}
		for _, name := range neededColumns() {
			if _, ok := columns[name]; !ok {
				return fmt.Errorf("the credential report lacks the column %s", name)
			}
		}
		p.comma, p.columns, p.width, p.seen = comma, columns, len(fields), map[string]bool{}
		return nil
	}
	return ErrNoReport
}

func hasAny(columns map[string]int, names ...string) bool {
	return slices.ContainsFunc(names, func(n string) bool { _, ok := columns[n]; return ok })
}

// splitRow reads one line; nil if its quotes are broken. Nothing in a report has a
// line break, so a broken quote costs one line and not all after it.
func splitRow(text string, comma rune) []string {
	r := csv.NewReader(strings.NewReader(text))
	r.Comma, r.FieldsPerRecord = comma, -1
	fields, err := r.Read()
	if err != nil {
		return nil
	}
	return fields
}

// problem tells of something, once a line and to a bound.
func (p *reportParser) problem(what string) {
	if len(p.report.Problems) >= maxReportProblems {
		p.more++
		return
	}
	p.report.Problems = append(p.report.Problems, fmt.Sprintf("line %d: %s", p.line, what))
}

func (p *reportParser) row(line int, text string) {
	p.line, p.fields = line, splitRow(text, p.comma)
	p.joinName()
	if len(p.fields) != p.width {
		if p.last && len(p.fields) < p.width {
			p.report.Cut = true
			p.problem("the report ends in the middle of a row")
		} else {
			p.problem("it has not as many fields as the report has columns; the user was not read")
		}
		return
	}
	arn := p.field("arn")
	partition, account, ok := userARN(arn)
	row := ReportRow{Root: p.field("user") == rootUser, User: p.field("user"), ARN: arn}
	switch {
	case !ok || row.User == "":
		p.problem("it names no user of IAM; it was not read")
		return
	case p.report.Account != "" && p.report.Account != account:
		p.problem("it names another account than the lines before; it was not read")
		return
	case p.seen[arn]:
		p.problem("it names a user that a line before names; it was not read")
		return
	}
	p.seen[arn] = true
	p.report.Account, p.report.Partition = account, partition
	p.fill(&row)
	p.report.Rows = append(p.report.Rows, row)
}

// joinName puts a name back together that has commas in it, which IAM allows, in
// a report that does not quote them.
func (p *reportParser) joinName() {
	extra := len(p.fields) - p.width
	if extra <= 0 || extra%2 != 0 || p.columns["user"] != 0 || p.columns["arn"] != 1 {
		return
	}
	n := extra/2 + 1
	name, arn := strings.Join(p.fields[:n], ","), strings.Join(p.fields[n:2*n], ",")
	if strings.HasSuffix(arn, "/"+name) {
		p.fields = append([]string{name, arn}, p.fields[2*n:]...)
	}
}

// userARN splits arn:PARTITION:iam::ACCOUNT:user/… or :root.
func userARN(arn string) (partition, account string, ok bool) {
	a := ParseARN(arn)
	if a.Service != "iam" || !IsAccount(a.Account) {
		return "", "", false
	}
	return a.Partition, a.Account, strings.HasPrefix(a.Resource, "user/") || a.Resource == "root"
}

func (p *reportParser) field(name string) string {
	if i, ok := p.columns[name]; ok && i < len(p.fields) {
		return strings.TrimSpace(p.fields[i])
	}
	return ""
}

func (p *reportParser) fill(row *ReportRow) {
	row.CreatedAt, _ = p.time("user_creation_time")
	row.Password = p.tri("password_enabled")
	row.MFA = p.tri("mfa_active")
	row.PasswordChanged, _ = p.time("password_last_changed")
	row.PasswordLastUsed, row.PasswordUse = p.use("password_last_used", row.CreatedAt, passwordsTracked())
	if row.Password == inventory.False && row.PasswordUse == inventory.False {
		row.PasswordUse = inventory.Unknown // there is none that could be used
	}
	for slot := 1; ; slot++ {
		prefix := fmt.Sprintf("access_key_%d_", slot)
		if _, ok := p.columns[prefix+"active"]; !ok {
			row.Unclear = row.Unclear || slot == 1
			break
		}
		p.key(row, slot, prefix)
	}
	for slot := 1; ; slot++ {
		prefix := fmt.Sprintf("cert_%d_", slot)
		if _, ok := p.columns[prefix+"active"]; !ok {
			break
		}
		at, _ := p.time(prefix + "last_rotated")
		active := p.tri(prefix + "active")
		if active == inventory.True || !at.IsZero() {
			row.Signing = append(row.Signing, SigningCertificate{Active: active == inventory.True, UploadedAt: at})
		}
	}
	row.More = isSaid(p.field("additional_credentials_info"))
}

// isSaid reports whether a field says anything.
func isSaid(v string) bool {
	switch strings.ToLower(v) {
	case "", "n/a", "0", "none", "not_supported", "no_information":
		return false
	}
	return true
}

// key adds a key that exists: one that is active, or has a date.
func (p *reportParser) key(row *ReportRow, slot int, prefix string) {
	k := AccessKey{Slot: slot, Active: p.tri(prefix + "active")}
	var bad bool
	k.CreatedAt, bad = p.time(prefix + "last_rotated")
	k.LastUsed, k.Used = p.use(prefix+"last_used_date", k.CreatedAt, keysTracked())
	k.LastRegion, k.LastCause = p.word(prefix+"last_used_region"), p.word(prefix+"last_used_service")
	switch {
	case k.Active == inventory.True, !k.CreatedAt.IsZero(), !k.LastUsed.IsZero():
		row.Keys = append(row.Keys, k)
	case k.Active == inventory.Unknown && !strings.EqualFold(p.field(prefix+"active"), "N/A") || bad:
		row.Unclear = true
	}
}

func (p *reportParser) word(name string) string {
	if v := p.field(name); isSaid(v) {
		return v
	}
	return ""
}

// tri reads TRUE and FALSE in any case. Anything else is unknown.
func (p *reportParser) tri(name string) inventory.Tri {
	v := strings.ToLower(p.field(name))
	switch v {
	case "true":
		return inventory.True
	case "false":
		return inventory.False
	}
	if isSaid(v) {
		p.bad(name)
	}
	return inventory.Unknown
}

func (p *reportParser) bad(name string) {
	if p.last && p.columns[name] == p.width-1 {
		p.report.Cut = true
	}
	p.problem("the column " + name + " cannot be read")
}

// time reads a date; the zero time if there is none. bad says that there is
// something else.
func (p *reportParser) time(name string) (at time.Time, bad bool) {
	v := p.field(name)
	if !isSaid(v) {
		return time.Time{}, false
	}
	at, ok := parseTime(v)
	if !ok {
		p.bad(name)
		return time.Time{}, true
	}
	if at.After(p.report.Newest) {
		p.report.Newest = at
	}
	return at, false
}

// use reads when something was last used. N/A and no_information mean never, for
// what was made since AWS tracks it.
func (p *reportParser) use(name string, made, tracked time.Time) (time.Time, inventory.Tri) {
	at, bad := p.time(name)
	switch _, ok := p.columns[name]; {
	case !at.IsZero():
		return at, inventory.True
	case bad || !ok || made.Before(tracked):
		return at, inventory.Unknown
	}
	switch strings.ToLower(p.field(name)) {
	case "n/a", "no_information":
		return at, inventory.False
	}
	return at, inventory.Unknown
}

// parseTime reads a time as the report and the command line of AWS write it.
func parseTime(text string) (time.Time, bool) {
	for _, layout := range []string{time.RFC3339, "2006-01-02 15:04:05Z07:00", "2006-01-02T15:04:05Z0700"} {
		if at, err := time.Parse(layout, text); err == nil {
			at = at.UTC()
			return at, at.Year() >= 2000 && at.Year() < 2200 // before AWS, or beyond what anybody means
		}
	}
	return time.Time{}, false
}

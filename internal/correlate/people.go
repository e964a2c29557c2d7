package correlate

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/muster-nhi/muster/internal/inventory"
)

// People says who is there, who has left, and who is a guest: an export of the
// personnel or directory system. It is safe for concurrent use.
type People struct {
	keys map[string]*person // by e-mail, handle and alias, lower case
	name map[string]*person // by full name, lower case; nil if two have it
	size int
}

// Len returns the number of people.
func (p *People) Len() int { return p.size }

type person struct {
	email, handle, name, status, kind string
	end                               time.Time
	line                              int
}

// peopleColumns lists the columns of a people list with the spellings that are
// accepted. Other columns are ignored: such lists come from elsewhere.
var peopleColumns = map[string]string{
	"email": "email", "e-mail": "email", "mail": "email", "email address": "email", "user principal name": "email", "userprincipalname": "email",
	"handle": "handle", "login": "handle", "username": "handle", "user name": "handle", "user": "handle",
	"name": "name", "full name": "name", "display name": "name", "displayname": "name",
	"alias": "aliases", "aliases": "aliases", "other emails": "aliases",
	"status": "status", "state": "status", "employment status": "status",
	"end_date": "end_date", "end date": "end_date", "termination date": "end_date", "last day": "end_date",
	"type": "type", "employee type": "type", "worker type": "type",
}

// statuses and kinds list the words that are accepted.
var statuses = map[string]string{
	"active": "active", "employed": "active", "enabled": "active", "leave": "active", "on leave": "active",
	"left": "left", "terminated": "left", "inactive": "left", "departed": "left", "leaver": "left",
	"disabled": "disabled", "suspended": "disabled", "blocked": "disabled", "": "",
}

var kinds = map[string]string{
	"employee": "employee", "member": "employee", "staff": "employee", "internal": "employee",
	"guest": "guest", "external": "guest", "contractor": "contractor", "vendor": "contractor", "consultant": "contractor",
	"nhi": "nhi", "bot": "nhi", "service": "nhi", "service account": "nhi", "team": "team", "group": "team", "": "",
}

// ParsePeople reads a people list: CSV with a header line, columns email,
// handle, name, aliases (separated by ; or spaces), status (active, left,
// disabled), end_date (YYYY-MM-DD) and type (employee, guest, contractor, nhi,
// team), of which one of the first three must be there. Case does not matter.
// Other columns are ignored. The first mistake is an error that names file and
// line; at most 64 MiB and a million rows are read.
func ParsePeople(name string, r io.Reader) (*People, error) {
	data, err := readFile(name, r)
	if err != nil {
		return nil, err
	}
	p := &People{keys: make(map[string]*person), name: make(map[string]*person)}
	if err := readTable(name, data, peopleColumns, false, p.add); err != nil {
		return nil, err
	}
	if p.size == 0 {
		return nil, fmt.Errorf("%s:1: lists nobody; every owner would be taken to have left", name)
	}
	return p, nil
}

func (p *People) add(r row) error {
	who := &person{
		email: strings.ToLower(r.get("email")), handle: handle(r.get("handle")), name: strings.ToLower(r.get("name")), line: r.line,
	}
	var ok bool
	if who.status, ok = statuses[strings.ToLower(r.get("status"))]; !ok {
		return fmt.Errorf("status is %s; want active, left or disabled", show(r.get("status")))
	}
	if who.kind, ok = kinds[strings.ToLower(r.get("type"))]; !ok {
		return fmt.Errorf("type is %s; want employee, guest, contractor, nhi or team", show(r.get("type")))
	}
	if end := r.get("end_date"); end != "" {
		day, _, _ := strings.Cut(end, "T")
		var err error
		if who.end, err = time.Parse(time.DateOnly, day); err != nil {
			return fmt.Errorf("end_date is %s; want YYYY-MM-DD", show(end))
		}
	}
	if who.email == "" && who.handle == "" && who.name == "" {
		return errors.New("has no email, handle or name")
	}
	aliases := strings.FieldsFunc(strings.ToLower(r.get("aliases")), func(r rune) bool { return r == ';' || r == ' ' || r == ',' })
	for _, key := range append([]string{who.email, who.handle}, aliases...) {
		if err := p.enter(handle(key), who); err != nil {
			return err
		}
	}
	if who.name != "" {
		if other, twice := p.name[who.name]; twice && (other == nil || !other.equal(who)) {
			who = nil
		}
		p.name[strings.ToLower(r.get("name"))] = who
	}
	p.size++
	return nil
}

// enter makes a person known by a key. Two rows may share it only if they say
// the same.
func (p *People) enter(key string, who *person) error {
	if key == "" {
		return nil
	}
	if other, ok := p.keys[key]; ok && !other.equal(who) {
		return fmt.Errorf("%s is on line %d too, with another status, end date or type", show(key), other.line)
	}
	p.keys[strings.Clone(key)] = who
	return nil
}

func (p *person) equal(q *person) bool {
	return p.status == q.status && p.kind == q.kind && p.end.Equal(q.end)
}

// handle normalises a handle or an address: lower case, without the @ in front.
func handle(s string) string {
	return strings.TrimPrefix(strings.ToLower(strings.TrimSpace(s)), "@")
}

// find returns the person that an owner names: an address, a handle, a full
// name, or "Name <address>" as git writes it.
func (p *People) find(owner string) *person {
	for _, key := range keysOf(owner) {
		if who := p.keys[key]; who != nil {
			return who
		}
	}
	plain, _, _ := strings.Cut(owner, "<")
	return p.name[strings.ToLower(strings.TrimSpace(plain))]
}

// keysOf returns the keys under which an owner may be listed.
func keysOf(owner string) []string {
	keys := []string{handle(owner)}
	if _, rest, ok := strings.Cut(owner, "<"); ok {
		address, _, _ := strings.Cut(rest, ">")
		keys = append(keys, handle(address))
	}
	for _, k := range slices.Clone(keys) {
		// GitHub's address for those who hide theirs: ID+HANDLE@users.noreply.github.com.
		if local, ok := strings.CutSuffix(k, "@users.noreply.github.com"); ok {
			_, name, plus := strings.Cut(local, "+")
			if !plus {
				name = local
			}
			keys = append(keys, name)
		}
	}
	return keys
}

// notListed is added to the source of an owner whom the people list does not
// know.
const notListed = "not in the people list"

// bareSource returns a source without what judge adds to it.
func bareSource(source string) string {
	if source == notListed {
		return ""
	}
	return strings.TrimSuffix(source, "; "+notListed)
}

// judge sets what the list says of an owner: whether still there, whether from
// outside, and of what kind. A person who is not listed is gone; a team that is
// not listed, and what may be either, is left as it was.
func (p *People) judge(o *inventory.Owner, asOf time.Time) {
	who := p.find(o.Owner)
	o.Source = bareSource(o.Source)
	if who == nil {
		if isPerson(o) {
			o.Active = inventory.False
			o.Source = strings.TrimPrefix(o.Source+"; "+notListed, "; ")
		}
		return
	}
	o.Active = who.active(asOf)
	switch who.kind {
	case "guest", "contractor":
		o.External = inventory.True
		o.Kind = cmp.Or(o.Kind, "person")
	case "employee":
		o.External = inventory.False
		o.Kind = cmp.Or(o.Kind, "person")
	case "nhi", "team":
		o.Kind = who.kind
	}
}

// active says whether a person is there at a time: the status decides, then
// the end date; a leaver's last day counts as there.
func (p *person) active(asOf time.Time) inventory.Tri {
	switch {
	case p.status == "left" || p.status == "disabled":
		return inventory.False
	case !p.end.IsZero() && !asOf.IsZero():
		return inventory.TriOf(asOf.Before(p.end.AddDate(0, 0, 1)))
	case p.status == "active" || p.end.IsZero():
		return inventory.True
	default:
		return inventory.Unknown
	}
}

// isPerson reports whether an owner is one person, by its kind or its form: an
// e-mail address, a name with one, or a handle.
func isPerson(o *inventory.Owner) bool {
	if o.Kind != "" {
		return o.Kind == "person"
	}
	return strings.HasPrefix(o.Owner, "@") && !strings.Contains(o.Owner, "/") ||
		isEmail(o.Owner) || strings.HasSuffix(o.Owner, ">")
}

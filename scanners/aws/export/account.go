package export

import (
	"cmp"
	"maps"
	"path"
	"regexp"
	"slices"
	"strings"

	"github.com/muster-nhi/muster/internal/inventory"
	"github.com/muster-nhi/muster/scanners/aws/object"
)

// A set holds objects by what names them, so that several files can tell of one.
type set[T any] map[string]*T

// of returns the object of a name, made if there is none.
func (s set[T]) of(name string) *T {
	if s[name] == nil {
		s[name] = new(T)
	}
	return s[name]
}

// sorted returns the objects by name.
func (s set[T]) sorted() []T {
	var out []T
	for _, name := range slices.Sorted(maps.Keys(s)) {
		out = append(out, *s[name])
	}
	return out
}

// An account is what the files say of one account.
type account struct {
	object.Account
	users     set[object.User]
	groups    set[object.Group]
	roles     set[object.Role]
	policies  set[object.Policy]
	oidc      set[object.OIDCProvider]
	saml      set[object.SAMLProvider]
	certs     set[object.Certificate]
	anchors   set[object.Anchor]
	profiles  set[object.AnywhereProfile]
	subjects  set[object.AnywhereSubject]
	requests  set[object.Delegation]
	centers   set[object.IdentityCenter]
	permits   set[object.PermissionSet]
	secrets   set[object.Secret]
	params    set[object.Parameter]
	keys      set[object.Key]
	consumers set[object.Consumer]
	pods      set[object.PodIdentity]
	entries   set[object.AccessEntry]
	clusters  set[object.Cluster]
	links     set[object.Connection]
	workloads set[object.WorkloadIdentity]
	pairs     set[object.KeyPair]
	resources set[object.ResourcePolicy]
	unused    set[object.Unused]

	groupNames map[string]string
	assigned   []object.Assignment
	isAssigned map[object.Assignment]bool             // those in assigned
	listed     map[string]map[string]string           // names that a call lists, and their regions
	described  map[string]bool                        // call and name
	detailed   map[string]bool                        // ARNs of users and roles whose policies were read
	service    map[string]map[string]object.AccessKey // listed access keys: user, id
	specific   map[string][]object.ServiceCredential  // by user
	ssh        map[string][]object.SSHKey             // by user
	signing    map[string][]object.SigningCertificate // by user
	uses       map[string]object.AccessKey            // by id of a key
	reports    []*savedReport
	regions    map[string]bool // enabled ones, where the files say
	named      map[string]bool // regions that files are of
	listings   map[listingKey]*listing
	files      int
	org        *organization
}

type listingKey struct{ action, region string }

// A listing is what files of one call say together.
type listing struct {
	count         int
	pages, opened int    // documents, and those that say that more follows
	trouble       string // why it is not complete
	denied        bool
}

func newAccount(id, partition string) *account {
	return &account{
		Account: object.Account{ID: id, Partition: partition},
		users:   set[object.User]{}, groups: set[object.Group]{}, roles: set[object.Role]{}, policies: set[object.Policy]{},
		oidc: set[object.OIDCProvider]{}, saml: set[object.SAMLProvider]{}, certs: set[object.Certificate]{},
		anchors: set[object.Anchor]{}, profiles: set[object.AnywhereProfile]{}, subjects: set[object.AnywhereSubject]{},
		requests: set[object.Delegation]{}, centers: set[object.IdentityCenter]{}, permits: set[object.PermissionSet]{},
		secrets: set[object.Secret]{}, params: set[object.Parameter]{}, keys: set[object.Key]{}, consumers: set[object.Consumer]{},
		pods: set[object.PodIdentity]{}, entries: set[object.AccessEntry]{}, clusters: set[object.Cluster]{}, links: set[object.Connection]{},
		workloads: set[object.WorkloadIdentity]{}, pairs: set[object.KeyPair]{}, resources: set[object.ResourcePolicy]{}, unused: set[object.Unused]{},
		groupNames: map[string]string{}, isAssigned: map[object.Assignment]bool{}, listed: map[string]map[string]string{}, described: map[string]bool{},
		detailed: map[string]bool{}, service: map[string]map[string]object.AccessKey{}, specific: map[string][]object.ServiceCredential{},
		ssh: map[string][]object.SSHKey{}, signing: map[string][]object.SigningCertificate{}, uses: map[string]object.AccessKey{},
		regions: map[string]bool{}, named: map[string]bool{}, listings: map[listingKey]*listing{},
	}
}

// listing returns what is known of a call in a region.
func (a *account) listing(action, region string) *listing {
	k := listingKey{action, region}
	if a.listings[k] == nil {
		a.listings[k] = &listing{}
	}
	return a.listings[k]
}

// account returns the account of an id.
func (r *reader) account(id, partition string) *account {
	a := r.accounts[id]
	if a == nil {
		a = newAccount(id, partition)
		r.accounts[id] = a
	}
	a.Partition = cmp.Or(a.Partition, partition)
	return a
}

// A pending fact waits until all files were read, as its file names no account.
type pending struct {
	file, region string
	put          func(a *account, region string)
}

// parseARN splits an ARN; ok is false if it is none, or its account is no id.
func parseARN(text string) (a object.ARN, ok bool) {
	a = object.ParseARN(text)
	return a, object.IsAccount(a.Account) && strings.HasPrefix(a.Partition, "aws")
}

// regionForm matches the name of a region in words joined by hyphens.
func regionForm() *regexp.Regexp {
	return regexp.MustCompile(`(?:^|[^a-z0-9])((?:us|eu|ap|sa|ca|me|af|il|mx|cn)(?:-[a-z]+){1,2}-[0-9])(?:[^a-z0-9]|$)`)
}

// uuidForm matches the ids of keys and certificates.
func uuidForm() *regexp.Regexp {
	return regexp.MustCompile(`[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}`)
}

// place finds an account id and a region in the path of a file: the last of each.
func (r *reader) place(name string) (account, region string) {
	name = r.uuid.ReplaceAllString(strings.ToLower(name), "") // which may end in twelve digits
	for word := range strings.FieldsFuncSeq(name, func(c rune) bool { return c < '0' || c > '9' && c < 'a' || c > 'z' }) {
		if object.IsAccount(word) {
			account = word
		}
	}
	for _, m := range r.region.FindAllStringSubmatch(name, -1) {
		region = m[1]
	}
	return account, region
}

// seen remembers that a file is of an account, for those beside it that do not say.
func (r *reader) seen(name, id string) {
	for dir := path.Dir(name); ; dir = path.Dir(dir) {
		if r.within[dir] == nil {
			r.within[dir] = map[string]bool{}
		}
		r.within[dir][id] = true
		if dir == "." || dir == "/" {
			return
		}
	}
}

// owner returns the account of a file that does not name one: that in its path, or
// the only one of the files in its directory or in one above.
func (r *reader) owner(name string) string {
	if id, _ := r.place(name); id != "" {
		return id
	}
	for dir := path.Dir(name); ; dir = path.Dir(dir) {
		if ids := r.within[dir]; len(ids) == 1 {
			for id := range ids {
				return id
			}
		} else if len(ids) > 1 {
			return ""
		}
		if dir == "." || dir == "/" {
			return ""
		}
	}
}

// tri is True if the text is one of some, False if it is another, and unknown if
// there is none.
func tri(text string, yes ...string) inventory.Tri {
	if text == "" {
		return inventory.Unknown
	}
	return inventory.TriOf(slices.ContainsFunc(yes, func(y string) bool { return strings.EqualFold(y, text) }))
}

package git

import (
	"strings"
	"testing"
)

// TestComplaint checks that what git quotes of a repository is not told on.
func TestComplaint(t *testing.T) {
	secret := "https://u:" + "hunter2zzz@x"
	for _, tt := range []struct{ name, give, want string }{
		{"a setting", "fatal: bad boolean config value '" + secret + "' for 'core.bare'\n", "bad boolean config value '…' for 'core.bare'"},
		{"a setting with quotes", "fatal: bad boolean config value 'a'" + secret + "'b' for 'core.bare'\n", "bad boolean config value '…' for 'core.bare'"},
		{"over lines", "error: invalid value for 'a.b': 'x\nfatal: " + secret + "'\n", "it complains over several lines, which are not shown"},
		{"an object", "error: x\nfatal: object 'deadbeefdeadbeefdeadbeefdeadbeefdeadbeef' is missing\n", "object 'deadbeefdeadbeefdeadbeefdeadbeefdeadbeef' is missing"},
		{"a file in place of a repository", "fatal: not a git repository: /" + secret + "\n", "not a git repository"},
		{"a line of a file", "fatal: bad config line 5 in file .git/config\n", "bad config line 5 in file .git/config"},
		{"a place on this machine", "fatal: packfile /srv/x/pack-1.pack cannot be accessed (/srv/x)\n", "packfile … cannot be accessed (…)"},
		{"a reference", "fatal: bad object refs/heads/main\n", "bad object refs/heads/main"},
		{"control characters", "fatal: \x1b[31mred\n", "[31mred"},
		{"nothing", "", ""},
	} {
		var l limited
		_, _ = l.Write([]byte(tt.give))
		got := l.line()
		if strings.Contains(got, "hunter2") {
			t.Errorf("%s: it quotes the secret", tt.name)
		} else if got != tt.want {
			t.Errorf("%s: %q, want %q", tt.name, got, tt.want)
		}
	}
}

package live_test

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"testing"

	"github.com/muster-nhi/muster/scanners/aws/live"
	"github.com/muster-nhi/muster/scanners/aws/live/fake"
)

// TestResumeAfterWhatStands has single secrets refused in the first account, and kills the
// reading in the second. A run that goes on reads the first again where another attempt
// may read more, and not where a denial stands.
func TestResumeAfterWhatStands(t *testing.T) {
	denied := func(w http.ResponseWriter, r fake.Request) {
		fake.Refuse(w, r.Action, http.StatusBadRequest, "AccessDeniedException", "with an explicit deny in a resource-based policy")
	}
	odd := func(w http.ResponseWriter, r fake.Request) {
		fake.Refuse(w, r.Action, http.StatusBadRequest, "ValidationException", "not this one")
	}
	throttled := func(w http.ResponseWriter, r fake.Request) { tooFast(w, r) }
	broken := func(w http.ResponseWriter, _ fake.Request) { w.WriteHeader(http.StatusBadGateway) }
	for name, c := range map[string]struct {
		first, second func(http.ResponseWriter, fake.Request) // secret; nil is answered
		again         bool
	}{
		"one is denied":                      {denied, nil, false},
		"one cannot be asked about":          {odd, nil, false},
		"one is throttled":                   {throttled, nil, true},
		"one fails":                          {nil, broken, true},
		"one is denied and one is throttled": {denied, throttled, true},
		"one is throttled and one is denied": {throttled, denied, true},
	} {
		t.Run(name, func(t *testing.T) {
			s := everything(t)
			secret := func(name string) any {
				return fake.Tree{"ARN": arn("secretsmanager", eu, "secret:"+name), "Name": name, "CreatedDate": 1700000000}
			}
			s.Set(account, eu, "secretsmanager:ListSecrets", fake.Tree{"SecretList": []any{secret("one"), secret("two"), secret("three"), secret("four")}})
			for _, name := range []string{"one", "two", "three", "four"} {
				s.Set(account, eu, "secretsmanager:GetResourcePolicy?SecretId="+arn("secretsmanager", eu, "secret:"+name), fake.Tree{"Name": name})
			}
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			s.Front = func(w http.ResponseWriter, r fake.Request) bool {
				if r.Account == member && r.Action == "kms:ListKeys" {
					cancel()
				}
				if r.Account != account || r.Action != "secretsmanager:GetResourcePolicy" {
					return false
				}
				front := c.first
				switch id := r.Values.Get("SecretId"); {
				case strings.HasSuffix(id, ":three"):
					front = c.second
				case !strings.HasSuffix(id, ":one"):
					front = nil
				}
				if front != nil {
					front(w, r)
				}
				return front != nil
			}
			o := allOptions(t, s)
			o.State, o.Parallel = t.TempDir(), 1
			r, err := live.Open(t.Context(), o)
			if err != nil {
				t.Fatal(err)
			}
			defer r.Close()
			if _, err := r.Read(ctx, nil); !errors.Is(err, context.Canceled) {
				t.Fatalf("the error is %v", err)
			}
			s.Calm()
			s.Forget()
			e := read(t, o)
			if got := asked(s, account, "iam:GetAccountAuthorizationDetails"); got != c.again {
				t.Errorf("the account is read again: %t; its listing is %+v", got, listingOf(e.Accounts[0], "secretsmanager:GetResourcePolicy", eu))
			}
		})
	}
}

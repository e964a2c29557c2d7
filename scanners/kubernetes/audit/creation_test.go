package audit

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestCreations: who made an object is told of objects that were made, and of
// nothing that only looks like it.
func TestCreations(t *testing.T) {
	make1 := sample{User: "alice", Verb: "create", Resource: "serviceaccounts", Name: "robot", Code: 201, At: "2026-11-20T10:00:00Z"}
	apply := sample{User: "bob", Verb: "patch", Name: "db", Code: 201, At: "2026-11-20T10:00:00Z"}
	alter := func(s sample, change func(*sample)) sample { change(&s); return s }
	robot := Creation{"serviceaccounts", "payments", "robot", "alice", day.Add(10 * 3600e9)}
	later := robot
	later.By, later.At = "carol", day.Add(11*3600e9)
	for _, tt := range []struct {
		name   string
		events []sample
		want   []Creation
		lost   int
	}{
		{"made", []sample{make1}, []Creation{robot}, 0},
		{"applied", []sample{apply}, []Creation{{"secrets", "payments", "db", "bob", robot.At}}, 0},
		{"made again", []sample{alter(make1, func(s *sample) { s.User, s.At = "carol", "2026-11-20T11:00:00Z" }), make1}, []Creation{later}, 0},
		{"as another", []sample{alter(make1, func(s *sample) { s.User, s.As = "proxy", "alice" })}, []Creation{robot}, 0},
		{"patched", []sample{alter(apply, func(s *sample) { s.Code = 200 })}, nil, 0},
		{"refused", []sample{alter(make1, func(s *sample) { s.Code, s.Decision = 403, "forbid" })}, nil, 0},
		{"conflict", []sample{alter(make1, func(s *sample) { s.Code = 409 })}, nil, 0},
		{"dry run", []sample{alter(make1, func(s *sample) { s.URI = "/api/v1/namespaces/payments/serviceaccounts?dryRun=All" })}, nil, 0},
		{"token", []sample{alter(make1, func(s *sample) { s.Subresource = "token" })}, nil, 0},
		{"other group", []sample{alter(make1, func(s *sample) { s.Group = "example.com" })}, nil, 0},
		{"no name", []sample{alter(make1, func(s *sample) { s.Name = "" })}, nil, 0},
		{"other kind", []sample{alter(make1, func(s *sample) { s.Resource = "pods" })}, nil, 0},
		{"begun", []sample{alter(make1, func(s *sample) { s.Stage = "ResponseStarted" })}, nil, 0},
		{"too many", []sample{make1, apply, alter(apply, func(s *sample) { s.Name = "db2" })}, []Creation{{"secrets", "payments", "db", "bob", robot.At}, robot}, 1},
		{"request", []sample{alter(make1, func(s *sample) { s.Resource, s.Group = "certificatesigningrequests", "certificates.k8s.io" })}, []Creation{{"certificatesigningrequests", "payments", "robot", "alice", robot.At}}, 0},
	} {
		t.Run(tt.name, func(t *testing.T) {
			var log strings.Builder
			for _, s := range tt.events {
				log.WriteString(s.json(t) + "\n")
			}
			got, lost := read(t, log.String(), Options{MaxCreations: 2}).Creations()
			if diff := cmp.Diff(tt.want, got); diff != "" && len(tt.want)+len(got) > 0 || lost != tt.lost {
				t.Errorf("%d lost, want %d (-want +got):\n%s", lost, tt.lost, diff)
			}
		})
	}
}

package live

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/muster-nhi/muster/internal/saved"
	"github.com/muster-nhi/muster/scanners/aws/live/wire"
	"github.com/muster-nhi/muster/scanners/aws/object"
)

// adviceAge is how long access advisor's answers are kept: they change at most
// every four hours, and cost two or more requests for each principal.
const adviceAge = 24 * time.Hour

// Advice is what access advisor said of the principals of an account.
type advice struct {
	saved.Stamp
	By map[string][]object.ServiceAccess // by ARN
}

// advisorPolls are how long one waits for AWS to count up one principal.
func advisorPolls() []time.Duration {
	return []time.Duration{500 * time.Millisecond, time.Second, 2 * time.Second, 4 * time.Second, 8 * time.Second, 15 * time.Second}
}

// advisor asks when each user and role last used each service, unless that was
// asked within a day.
func (s *session) advisor(ctx context.Context) {
	known := s.advice()
	fresh := advice{Stamp: saved.Stamp{Made: s.reader.options.Now()}, By: map[string][]object.ServiceAccess{}}
	if known != nil {
		fresh = *known
	}
	type principal struct {
		arn  string
		into *[]object.ServiceAccess
	}
	var all []principal
	for i := range s.account.Users {
		all = append(all, principal{s.account.Users[i].ARN, &s.account.Users[i].Access})
	}
	for i := range s.account.Roles {
		all = append(all, principal{s.account.Roles[i].ARN, &s.account.Roles[i].Access})
	}
	var ask []principal
	for _, p := range all {
		if access, ok := fresh.By[p.arn]; ok {
			*p.into = access
		} else {
			ask = append(ask, p)
		}
	}
	if len(ask) == 0 && len(all) > 0 {
		s.note("iam:GetServiceLastAccessedDetails", "", len(all), nil)
	}
	var mu sync.Mutex
	details(ctx, s, "iam:GetServiceLastAccessedDetails", "", ask, func(ctx context.Context, p *principal) error {
		access, err := s.accessOf(ctx, p.arn)
		if err != nil {
			return err
		}
		*p.into = access
		mu.Lock()
		defer mu.Unlock()
		fresh.By[p.arn] = access
		return nil
	})
	s.keepAdvice(fresh)
}

type accessPage struct {
	wire.Page
	JobStatus string
	Services  []struct {
		ServiceNamespace        string
		LastAuthenticated       wire.Time
		LastAuthenticatedRegion string
	} `xml:"ServicesLastAccessed>member"`
}

// accessOf has AWS count up one principal and waits for it.
func (s *session) accessOf(ctx context.Context, arn string) ([]object.ServiceAccess, error) {
	var job struct {
		JobID string `xml:"JobId"`
	}
	err := s.ask(ctx, "iam:GenerateServiceLastAccessedDetails", "", wire.Values{"Arn": arn, "Granularity": "SERVICE_LEVEL"}, &job)
	if err != nil {
		return nil, err
	}
	for _, wait := range advisorPolls() {
		status := ""
		out := []object.ServiceAccess{}
		_, err := wire.Pages(ctx, s.client, s.op("iam:GetServiceLastAccessedDetails"), "", wire.Values{"JobId": job.JobID}, func(p *accessPage) int {
			status = p.JobStatus
			for _, x := range p.Services {
				if !x.LastAuthenticated.IsZero() {
					out = append(out, object.ServiceAccess{Service: x.ServiceNamespace, LastUsed: x.LastAuthenticated.Time, Region: x.LastAuthenticatedRegion})
				}
			}
			return len(p.Services)
		})
		switch {
		case err != nil:
			return nil, err
		case status == "COMPLETED":
			return out, nil
		case status == "FAILED":
			return nil, fmt.Errorf("AWS could not count up the use of %s", arn)
		}
		if err := s.reader.options.Sleep(ctx, wait); err != nil {
			return nil, err
		}
	}
	return nil, fmt.Errorf("AWS is still counting up the use of %s", arn)
}

// adviceState is where access advisor's answers are kept.
func (s *session) adviceState() (saved.State, string) {
	o := s.reader.options
	return saved.State{Dir: o.State, MaxAge: adviceAge, Now: o.Now}, "aws-advice-" + s.account.ID + ".json"
}

// advice returns what was kept within a day; nil if there is none.
func (s *session) advice() *advice {
	var a advice
	state, name := s.adviceState()
	if _, ok, err := state.Load(name, &a, func() bool { return a.By != nil }); err != nil || !ok {
		return nil // there is none, or none that helps
	}
	return &a
}

func (s *session) keepAdvice(a advice) {
	if len(a.By) == 0 {
		return
	}
	state, name := s.adviceState()
	if err := state.Save(name, &a); err != nil {
		s.keep(func(x *object.Account) {
			x.Notes = append(x.Notes, fmt.Sprintf("access advisor's answers cannot be kept: %v", err))
		})
	}
}

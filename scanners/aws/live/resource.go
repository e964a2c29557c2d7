package live

import (
	"context"
	"strings"

	"github.com/muster-nhi/muster/scanners/aws/live/wire"
	"github.com/muster-nhi/muster/scanners/aws/object"
)

// buckets lists buckets, all regions at once, and asks for their policies where
// they are.
func (s *session) buckets(ctx context.Context) {
	type page struct {
		wire.Page
		Buckets []struct{ Name, BucketRegion string } `xml:"Buckets>Bucket"`
	}
	var found []object.ResourcePolicy
	list(ctx, s, "s3:ListBuckets", "", nil, func(p *page) int {
		for _, b := range p.Buckets {
			if o := s.reader.options; b.BucketRegion != "" && !chosen(b.BucketRegion, o.Regions, o.ExcludeRegions) {
				continue
			}
			found = append(found, object.ResourcePolicy{ARN: "arn:" + s.account.Partition + ":s3:::" + b.Name, Service: "s3", Region: b.BucketRegion})
		}
		return len(p.Buckets)
	})
	details(ctx, s, "s3:GetBucketPolicy", "", found, func(ctx context.Context, p *object.ResourcePolicy) error {
		var out wire.Raw
		err := s.ask(ctx, "s3:GetBucketPolicy", p.Region, wire.Values{"Bucket": p.ARN[strings.LastIndex(p.ARN, ":")+1:]}, &out)
		if err == nil {
			p.Document = s.document(string(out), p.ARN)
		}
		return err
	})
	s.openTo(found)
}

func (s *session) queues(ctx context.Context, region string) {
	type page struct {
		wire.Page
		QueueUrls []string
	}
	type queue struct {
		object.ResourcePolicy
		url string
	}
	var found []queue
	list(ctx, s, "sqs:ListQueues", region, nil, func(p *page) int {
		for _, url := range p.QueueUrls {
			name := url[strings.LastIndex(url, "/")+1:]
			found = append(found, queue{object.ResourcePolicy{ARN: s.arn("sqs", region, name), Service: "sqs", Region: region}, url})
		}
		return len(p.QueueUrls)
	})
	type answer struct{ Attributes struct{ Policy string } }
	details(ctx, s, "sqs:GetQueueAttributes", region, found, func(ctx context.Context, x *queue) error {
		var out answer
		err := s.ask(ctx, "sqs:GetQueueAttributes", region, wire.Values{"QueueUrl": x.url, "AttributeNames": []string{"Policy"}}, &out)
		if err == nil {
			x.Document = s.document(out.Attributes.Policy, x.ARN)
		}
		return err
	})
	var out []object.ResourcePolicy
	for _, x := range found {
		out = append(out, x.ResourcePolicy)
	}
	s.openTo(out)
}

func (s *session) topics(ctx context.Context, region string) {
	type page struct {
		wire.Page
		ARNs []string `xml:"Topics>member>TopicArn"`
	}
	var found []object.ResourcePolicy
	list(ctx, s, "sns:ListTopics", region, nil, func(p *page) int {
		for _, arn := range p.ARNs {
			found = append(found, object.ResourcePolicy{ARN: arn, Service: "sns", Region: region})
		}
		return len(p.ARNs)
	})
	type answer struct {
		Entries []struct {
			Key   string `xml:"key"`
			Value string `xml:"value"`
		} `xml:"Attributes>entry"`
	}
	details(ctx, s, "sns:GetTopicAttributes", region, found, func(ctx context.Context, p *object.ResourcePolicy) error {
		var out answer
		err := s.ask(ctx, "sns:GetTopicAttributes", region, wire.Values{"TopicArn": p.ARN}, &out)
		for _, e := range out.Entries {
			if e.Key == "Policy" {
				p.Document = s.document(e.Value, p.ARN)
			}
		}
		return err
	})
	s.openTo(found)
}

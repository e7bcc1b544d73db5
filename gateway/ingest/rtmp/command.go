package rtmp

import (
	"errors"
	"fmt"
	"strings"

	"github.com/bluenviron/gortmplib/pkg/amf0"
	"github.com/bluenviron/gortmplib/pkg/message"

	"github.com/regie-live/regie/gateway/ingest"
	"github.com/regie-live/regie/gateway/show"
)

const (
	ackWindow    = 2_500_000 // bytes that we let the peer have on the way
	outChunkSize = 4096
	// Message streams: 0 is the connection, 1 the only stream we open. The
	// message writer takes the number in the wire's (little endian) order.
	streamOne = 1 << 24
)

// command is an AMF0 command (RTMP 1.0 section 7.2).
type command struct {
	name string
	id   float64
	args []any
}

// parseCommand reads a command message; an AMF3 one differs by a zero in front.
func parseCommand(m rawMessage) (command, error) {
	body := m.body
	if m.typ == typeCommandAMF3 && len(body) > 0 {
		body = body[1:]
	}
	values, err := amf0.Unmarshal(body)
	if err != nil {
		return command{}, fmt.Errorf("a command that is not AMF0: %w", err)
	}
	if len(values) < 2 {
		return command{}, errors.New("a command without name and number")
	}
	c := command{args: values[2:]}
	var ok1, ok2 bool
	c.name, ok1 = values[0].(string)
	c.id, ok2 = values[1].(float64)
	if !ok1 || !ok2 {
		return command{}, errors.New("a command without name and number")
	}
	return c, nil
}

// text returns argument i if it is a string.
func (c command) text(i int) string {
	if i < len(c.args) {
		s, _ := c.args[i].(string)
		return s
	}
	return ""
}

// streamKey finds the key in what an encoder was given: rtmp://HOST/live and
// the key, or rtmp://HOST/live/KEY in one field. It is the last step of the
// path after the app; a query is ignored.
func streamKey(app, name string) show.StreamKey {
	path := ""
	for _, part := range []string{app, name} {
		part, _, _ = strings.Cut(part, "?")
		path += "/" + strings.Trim(part, "/")
	}
	steps := strings.FieldsFunc(path, func(r rune) bool { return r == '/' })
	if len(steps) > 0 && steps[0] == "live" {
		steps = steps[1:]
	}
	if len(steps) == 0 {
		return ""
	}
	return show.StreamKey(steps[len(steps)-1])
}

// welcome answers connect.
func (c *conn) welcome(cmd command) error {
	if len(cmd.args) > 0 {
		if o, ok := asObject(cmd.args[0]); ok {
			c.app, _ = o.GetString("app")
		}
	}
	for _, m := range []message.Message{
		&message.SetWindowAckSize{Value: ackWindow},
		&message.SetPeerBandwidth{Value: ackWindow, Type: 2},
		&message.SetChunkSize{Value: outChunkSize},
	} {
		if err := c.out.Write(m); err != nil {
			return err
		}
	}
	return c.reply(cmd, "_result",
		amf0.Object{
			{Key: "fmsVer", Value: "FMS/3,5,7,7009"},
			{Key: "capabilities", Value: float64(31)},
			{Key: "fourCcList", Value: amf0.StrictArray{
				"avc1", "hvc1", "av01", "vp09", "vp08", "mp4a", "Opus", ".mp3",
			}},
		},
		amf0.Object{
			{Key: "level", Value: "status"},
			{Key: "code", Value: "NetConnection.Connect.Success"},
			{Key: "description", Value: "Welcome."},
			{Key: "objectEncoding", Value: float64(0)},
		})
}

func (c *conn) reply(cmd command, name string, values ...any) error {
	return c.out.Write(&message.CommandAMF0{
		ChunkStreamID: 3, Name: name, CommandID: int(cmd.id), Arguments: values,
	})
}

// status sends onStatus on the stream.
func (c *conn) status(level, code, description string) error {
	return c.out.Write(&message.CommandAMF0{
		ChunkStreamID: 5, MessageStreamID: streamOne, Name: "onStatus",
		Arguments: []any{nil, amf0.Object{
			{Key: "level", Value: level},
			{Key: "code", Value: code},
			{Key: "description", Value: description},
		}},
	})
}

// publishCode is the nearest of the codes that encoders know; the words say
// the rest.
func publishCode(o ingest.Outcome) string {
	switch o {
	case ingest.BadKey:
		return "NetStream.Publish.BadName"
	case ingest.SeatTaken, ingest.RateLimited:
		return "NetStream.Publish.Denied"
	}
	return "NetStream.Publish.Rejected"
}

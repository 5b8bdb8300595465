package api

// ReadHistoriesIn sets how many values of a history are in memory at once.
func (s *Server) ReadHistoriesIn(parts int) { s.historyPart = parts }
